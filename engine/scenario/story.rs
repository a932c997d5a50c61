//! Stories: steps of scenarios told on a desk that others use, too, each step when its time comes.

use serde::Deserialize;

use super::command::Names;
use super::driver::Driver;
use super::file::{Step, StepLines, duration};
use super::run::Running;
use crate::domain::{Id, Instant, Kind};

/// Most steps of a story.
const MAX_STEPS: usize = 200;

/// A story under way.
pub struct Story {
    about: String,
    pack: String,
    steps: Vec<(Instant, Step)>,
    names: Names,
    next: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoryFile {
    story: Vec<StoryText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoryText {
    about: String,
    pack: String,
    /// How long before the end it begins.
    ago: String,
    #[serde(rename = "step")]
    steps: Vec<Step>,
}

impl Story {
    /// Reads the stories of a file. Each begins `ago` before `end`; `after` of a step counts from the
    /// step before; `shift` moves every step to when people work.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn read(
        text: &str,
        end: Instant,
        known: &[(String, Kind, Id)],
        shift: fn(Instant) -> Instant,
    ) -> Result<Vec<Self>, String> {
        let file: StoryFile = toml::from_str(text).map_err(|e| e.to_string())?;
        let mut stories = Vec::new();
        for text in file.story {
            if MAX_STEPS < text.steps.len() {
                return Err(format!("`{}` has over {MAX_STEPS} steps", text.about));
            }
            // What people would do after the end, because it lies on a Sunday, they do at the end.
            let mut at = shift(end - duration(&text.ago)?).min(end);
            let mut steps = Vec::new();
            for mut step in text.steps {
                if step.at.is_some() {
                    return Err(format!("`{}`: a story has `after`, not `at`", text.about));
                }
                if let Some(after) = step.after.take() {
                    at = shift(at + duration(&after)?).min(end);
                }
                steps.push((at, step));
            }
            let mut names = Names::default();
            for (name, kind, id) in known {
                names.give(name, *kind, *id);
            }
            stories.push(Self {
                about: text.about,
                pack: text.pack,
                steps,
                names,
                next: 0,
            });
        }
        Ok(stories)
    }

    /// What it tells of.
    #[must_use]
    pub fn about(&self) -> &str {
        &self.about
    }

    /// Name of the pack whose rules it needs.
    #[must_use]
    pub fn pack(&self) -> &str {
        &self.pack
    }

    /// How many steps it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether it has no steps.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// When the next step happens; none: it is told.
    #[must_use]
    pub fn next_at(&self) -> Option<Instant> {
        self.steps.get(self.next).map(|(at, _)| *at)
    }

    /// Tells the next step. The clock stands where it happens.
    ///
    /// # Errors
    /// What was not as the story says; it does not go on then.
    pub fn tell(&mut self, driver: &mut dyn Driver) -> Result<(), String> {
        let number = self.next + 1;
        let Some((_, step)) = self.steps.get(self.next) else {
            return Ok(());
        };
        let mut step = step.clone();
        let now = driver.now();
        let tables = [&mut step.fields, &mut step.arguments];
        for table in tables.into_iter().chain(&mut step.rows) {
            for (_, value) in table.iter_mut() {
                timed(value, now)?;
            }
        }
        self.next = number;
        let names = std::mem::take(&mut self.names);
        let mut running = Running::with(driver, names);
        running.step(number, &step, &StepLines::default());
        let (names, problems) = running.end();
        self.names = names;
        let Some(problem) = problems.first() else {
            return Ok(());
        };
        self.next = self.steps.len();
        let what = &problem.difference;
        Err(format!("`{}`, step {number}: {what}", self.about))
    }
}

/// Times that count from the step: `{now+2h}` is an instant, `{today-30d}` a date.
fn timed(value: &mut toml::Value, now: Instant) -> Result<(), String> {
    let toml::Value::String(text) = value else {
        return Ok(());
    };
    let Some(inside) = text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) else {
        return Ok(());
    };
    let (word, at) = match (inside.split_once('+'), inside.split_once('-')) {
        (Some((word, length)), _) => (word, now + duration(length)?),
        (None, Some((word, length))) => (word, now - duration(length)?),
        (None, None) => (inside, now),
    };
    *text = match word {
        "now" => at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        "today" => at.date_naive().to_string(),
        _ => return Err(format!("`{{{inside}}}` is no time such as `{{now+2h}}`")),
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Story, timed};

    fn at(text: &str) -> crate::domain::Instant {
        text.parse().unwrap()
    }

    #[test]
    fn times_count_from_the_step() {
        let now = at("2026-03-02T09:00:00Z");
        let read = |text: &str| {
            let mut value = toml::Value::String(text.to_owned());
            timed(&mut value, now).map(|()| value.as_str().unwrap_or_default().to_owned())
        };
        assert_eq!(read("{now+2h}").unwrap(), "2026-03-02T11:00:00Z");
        assert_eq!(read("{today-30d}").unwrap(), "2026-01-31");
        assert_eq!(read("{now}").unwrap(), "2026-03-02T09:00:00Z");
        assert_eq!(read("just {text}").unwrap(), "just {text}");
        assert!(read("{noon}").is_err());
    }

    #[test]
    fn steps_have_their_times_from_the_end() {
        let text = "[[story]]\nabout = \"x\"\npack = \"p\"\nago = \"2d\"\n\
                    [[story.step]]\ncreate = \"team\"\n[[story.step]]\nafter = \"1h\"\ncreate = \"team\"\n";
        let end = at("2026-03-02T09:00:00Z");
        let mut stories = Story::read(text, end, &[], |at| at).unwrap();
        let story = stories.remove(0);
        assert_eq!(story.next_at(), Some(at("2026-02-28T09:00:00Z")));
        assert_eq!((story.about(), story.pack(), story.len()), ("x", "p", 2));
        assert_eq!(story.steps[1].0, at("2026-02-28T10:00:00Z"));
        let wrong = text.replace("after = \"1h\"", "at = \"2026-01-01T00:00:00Z\"");
        assert!(Story::read(&wrong, end, &[], |at| at).is_err());
    }
}
