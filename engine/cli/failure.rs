//! Why a subcommand failed, as the person at the terminal reads it.

use std::fmt;
use std::path::Path;

use crate::desk::{Error, ErrorKind, Fault};
use crate::packs::{PackFault, PackFiles};
use crate::store::StoreError;

/// The code of a fault in a file of a pack: its text begins with the place.
pub const PACK_FAULT: &str = "pack_fault";

/// The code of a refusal of a pack that asks for more than was granted.
pub const GRANTS_NEEDED: &str = "grants_needed";

/// Why a subcommand failed.
#[derive(Debug, Default)]
pub struct Failure {
    text: String,
    /// Faults of files of a pack, each with its place inside the pack.
    faults: Vec<String>,
    /// Capabilities that a pack asks for and that nobody granted.
    asked: Vec<String>,
    /// What was asked for is not there.
    absent: bool,
    /// What is wrong with which field; an empty name for what is about none.
    fields: Vec<(String, String)>,
}

/// What a subcommand answers.
pub type Outcome<T> = Result<T, Failure>;

impl Failure {
    /// A failure in words.
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    /// A failure of an operation on a file or folder.
    pub fn file(path: &Path, cause: &dyn fmt::Display) -> Self {
        Self::new(format!("`{}`: {cause}", path.display()))
    }

    /// What was asked for is not there.
    pub fn absent(mut self) -> Self {
        self.absent = true;
        self
    }

    /// Whether what was asked for is not there.
    pub const fn is_absent(&self) -> bool {
        self.absent
    }

    /// What is wrong with which field, the whole text under an empty name when no field is to blame.
    pub fn by_field(self) -> Vec<(String, String)> {
        match self.fields.is_empty() {
            true => vec![(String::new(), self.text)],
            false => self.fields,
        }
    }

    /// The failure of values of fields, one after another.
    pub fn of_fields(fields: Vec<(String, String)>) -> Self {
        let line = |(field, text): &(String, String)| match field.as_str() {
            "" => text.clone(),
            field => format!("{field}: {text}"),
        };
        let lines: Vec<String> = fields.iter().map(line).collect();
        Self {
            text: lines.join("\n"),
            fields,
            ..Self::default()
        }
    }

    /// Capabilities that a pack asks for and that nobody granted.
    pub fn asked(&self) -> &[String] {
        &self.asked
    }

    /// The failure of a pack that asks for more than was granted.
    pub fn asking(mut self, asked: Vec<String>) -> Self {
        self.asked = asked;
        self
    }

    /// Faults of files of a pack, as a desk tells them: each with its place inside the pack.
    pub fn of_files(faults: Vec<String>) -> Self {
        Self {
            text: faults.join("\n"),
            faults,
            ..Self::default()
        }
    }

    /// Everything that is wrong with the pack in a folder: file as the folder was given, line, column,
    /// and the line itself.
    pub fn of_pack(folder: &Path, faults: &[PackFault]) -> Self {
        let lines: Vec<String> = faults
            .iter()
            .map(|fault| told(Some(folder), fault))
            .collect();
        Self::new(lines.join("\n"))
    }

    /// As [`Failure::of_pack`] for packs together: `home` knows their folders by name.
    pub fn of_packs<'a>(home: impl Fn(&str) -> Option<&'a Path>, faults: &[PackFault]) -> Self {
        let lines: Vec<String> = faults
            .iter()
            .map(|fault| told(home(&fault.pack), fault))
            .collect();
        Self::new(lines.join("\n"))
    }

    /// What a desk said of files, told with the folder they came from and the lines themselves.
    pub fn in_folder(self, folder: &Path, files: &PackFiles) -> Self {
        if self.faults.is_empty() {
            return self;
        }
        let lines = self.faults.iter().map(|text| placed(folder, files, text));
        Self::new(lines.collect::<Vec<_>>().join("\n"))
    }
}

/// A fault with its place: in a folder, or in a pack that is installed.
fn told(folder: Option<&Path>, fault: &PackFault) -> String {
    let text = fault.to_string();
    let rest = text.strip_prefix(&fault.file).unwrap_or(&text);
    let place = match folder {
        Some(folder) if fault.file.is_empty() => folder.display().to_string(),
        Some(folder) => folder.join(&fault.file).display().to_string(),
        None => format!("pack {}, {}", fault.pack, fault.file),
    };
    match &fault.source_line {
        Some(source) => format!("{place}{rest}\n    {source}"),
        None => format!("{place}{rest}"),
    }
}

/// `FILE:LINE:COLUMN: text` with the folder before it and the line below it. A place that the files
/// do not have is in another pack, and stays as it is.
fn placed(folder: &Path, files: &PackFiles, text: &str) -> String {
    let of_file = |path: &&String| {
        let rest = text.strip_prefix(path.as_str());
        rest.is_some_and(|rest| rest.starts_with(':'))
    };
    let Some(file) = files.files.keys().find(of_file) else {
        return match text.strip_prefix("pack.toml:") {
            Some(_) => folder.join(text).display().to_string(),
            None => text.to_owned(),
        };
    };
    let path = folder.join(file).display().to_string();
    let rest = text.strip_prefix(file.as_str()).unwrap_or_default();
    let line: Option<usize> = rest.split(':').nth(1).and_then(|n| n.parse().ok());
    let source = match line.zip(files.text(file)) {
        Some((line, all)) => match all.lines().nth(line.saturating_sub(1)) {
            Some(source) => source,
            None => return text.to_owned(),
        },
        None => return format!("{path}{rest}"),
    };
    format!("{path}{rest}\n    {}", source.trim())
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Error> for Failure {
    fn from(e: Error) -> Self {
        let absent = e.kind == ErrorKind::NotFound;
        if !e.faults.is_empty() && e.faults.iter().all(|f| f.code == PACK_FAULT) {
            return Self::of_files(e.faults.into_iter().map(|f| f.message).collect());
        }
        if e.code == GRANTS_NEEDED {
            let asked = e.faults.into_iter().filter_map(|f| f.field);
            return Self::new(e.message).asking(asked.collect());
        }
        let has_one = e.faults.len() < 2;
        let field = |f: Fault| (f.field.unwrap_or_default(), f.message);
        let told = Self::of_fields(e.faults.into_iter().map(field).collect());
        if has_one {
            return Self {
                text: e.message,
                absent,
                ..told
            };
        }
        told
    }
}

impl From<StoreError> for Failure {
    fn from(e: StoreError) -> Self {
        Self::new(e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Failure;
    use crate::packs::{PackFault, PackFiles};

    fn files() -> PackFiles {
        let mut files = PackFiles::default();
        let text = "fn a(c) {\n  c.dney();\n}\n";
        files.files.insert("rules.rhai".to_owned(), text.into());
        files
    }

    #[test]
    fn what_a_desk_says_of_files_is_told_with_their_folder_once() {
        let failure = Failure::of_files(vec![
            "rules.rhai:2:3: no `dney`".to_owned(),
            "rules.rhai:9:1: in another pack".to_owned(),
            "pack.toml: is missing".to_owned(),
        ]);
        assert_eq!(
            failure.in_folder(Path::new("../up"), &files()).to_string(),
            "../up/rules.rhai:2:3: no `dney`\n    c.dney();\n\
             rules.rhai:9:1: in another pack\n\
             ../up/pack.toml: is missing"
        );
        let plain = Failure::new("rules.rhai:2:3: x").in_folder(Path::new("up"), &files());
        assert_eq!(plain.to_string(), "rules.rhai:2:3: x");
    }

    #[test]
    fn faults_stand_in_the_folder_of_their_pack() {
        let fault = PackFault::of_file("engine", "pack.toml", "is odd").at("a\nbc", 3);
        let home = |name: &str| (name == "engine").then(|| Path::new("dir/engine2"));
        assert_eq!(
            Failure::of_packs(home, std::slice::from_ref(&fault)).to_string(),
            "dir/engine2/pack.toml:2:2: is odd\n    bc"
        );
        assert_eq!(
            Failure::of_packs(|_| None, &[fault]).to_string(),
            "pack engine, pack.toml:2:2: is odd\n    bc"
        );
        let whole = PackFault::of_file("p", "", "is too large");
        assert_eq!(
            Failure::of_pack(Path::new("p"), &[whole]).to_string(),
            "p: is too large"
        );
    }
}
