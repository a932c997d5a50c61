//! Functions of Rhai's own packages that are taken away or replaced: they could stop the desk, fill
//! its memory or overflow its stack in a single operation, where no budget looks.

use rhai::{Array, Dynamic, Engine, EvalAltResult, ImmutableString, Map, Position};

use super::convert::json_of;
use super::limits::ScriptLimits;
use super::meter::{self, Look};
use super::{Answer, overrun, refuse};

/// Words a script may not use.
const FORBIDDEN: [&str; 7] = ["eval", "Fn", "curry", "print", "debug", "import", "export"];

/// Bytes a value takes beside those of its texts.
const VALUE_BYTES: usize = 32;
/// Bytes of the longest key of a map: keys that begin alike are compared byte by byte, again and again.
const KEY_BYTES: usize = 4 * 1024;
/// Bytes an entry of a map takes beside its key and value.
const ENTRY_BYTES: usize = 48;

pub(super) fn apply(engine: &mut Engine, limits: &ScriptLimits) {
    for word in FORBIDDEN {
        engine.disable_symbol(word);
    }
    replace(engine, limits.text_bytes);
    pad(engine, limits.text_bytes);
    pad_list(engine, limits);
    nested(engine, limits.data_depth);
    watch_memory(engine, limits);
}

/// Rhai looks at the size of a value when a function changed it, not when one is copied or put into a
/// place of a list. So what a function holds is added up while it reads its variables: the more it
/// holds, the more often.
#[expect(
    deprecated,
    reason = "not deprecated but marked as volatile by its authors; the version is pinned by the lock file"
)]
fn watch_memory(engine: &mut Engine, limits: &ScriptLimits) {
    let (most, depth) = (limits.live_bytes, limits.nesting);
    engine.on_var(move |_, _, context| {
        if meter::memory_is_due() {
            let mut weight = Weight::default();
            for (_, _, value) in context.scope().iter_raw() {
                weight.add(value, most, depth);
            }
            if weight.has_long_key {
                return overrun(format!(
                    "has a key of more than {} KiB in a map",
                    KEY_BYTES / 1024
                ));
            }
            if weight.is_too_deep {
                return overrun(format!(
                    "has lists and maps in one another, more than {depth} deep"
                ));
            }
            let Weight { bytes, values, .. } = weight;
            match meter::memory(context.call_level(), bytes, values, most) {
                Look::Fine => {}
                Look::TooMuch => {
                    return overrun(format!(
                        "holds more than {} MiB in its variables",
                        most / (1024 * 1024)
                    ));
                }
                Look::TooOften => {
                    return overrun("works on too many lists and maps at once; take less of them");
                }
            }
        }
        Ok(None)
    });
}

/// What values take.
#[derive(Default)]
struct Weight {
    bytes: usize,
    /// Values looked at.
    values: u64,
    /// Lists and maps lie in one another deeper than was looked.
    is_too_deep: bool,
    has_long_key: bool,
}

impl Weight {
    /// Adds a value; stops when there is too much, or it is deeper than `depth`.
    fn add(&mut self, value: &Dynamic, most: usize, depth: usize) {
        if self.bytes > most || self.is_too_deep {
            return;
        }
        self.bytes += VALUE_BYTES;
        self.values += 1;
        if let Ok(text) = value.as_immutable_string_ref() {
            self.bytes += text.len();
        } else if let Ok(items) = value.as_array_ref() {
            let Some(deeper) = depth.checked_sub(1) else {
                self.is_too_deep = true;
                return;
            };
            for item in items.iter() {
                self.add(item, most, deeper);
            }
        } else if let Ok(map) = value.as_map_ref() {
            let Some(deeper) = depth.checked_sub(1) else {
                self.is_too_deep = true;
                return;
            };
            for (key, item) in map.iter() {
                self.bytes = self.bytes.saturating_add(ENTRY_BYTES + key.len());
                self.has_long_key |= KEY_BYTES < key.len();
                self.add(item, most, deeper);
            }
        }
    }
}

fn too_long<T>() -> Answer<T> {
    Err(Box::new(EvalAltResult::ErrorDataTooLarge(
        "length of text".to_owned(),
        Position::NONE,
    )))
}

/// Rhai's `replace` builds the whole result before its length is looked at: 96 KiB of `a`, each
/// replaced by 96 KiB, is 9 GiB.
fn replace(engine: &mut Engine, most: usize) {
    let swap = move |text: &mut ImmutableString, find: &str, by: &str| -> Answer<()> {
        let grown = by.len().saturating_sub(find.len());
        let length = if grown == 0 {
            text.len()
        } else {
            let times = text.matches(find).count();
            times.saturating_mul(grown).saturating_add(text.len())
        };
        if length > most {
            return too_long();
        }
        *text = text.replace(find, by).into();
        Ok(())
    };
    engine
        .register_fn(
            "replace",
            move |text: &mut ImmutableString, find: &str, by: &str| swap(text, find, by),
        )
        .register_fn(
            "replace",
            move |text: &mut ImmutableString, find: char, by: &str| {
                swap(text, find.encode_utf8(&mut [0; 4]), by)
            },
        )
        .register_fn(
            "replace",
            move |text: &mut ImmutableString, find: &str, by: char| {
                swap(text, find, by.encode_utf8(&mut [0; 4]))
            },
        );
}

/// Rhai's `pad` with an empty text never ends.
fn pad(engine: &mut Engine, most: usize) {
    engine.register_fn(
        "pad",
        move |text: &mut ImmutableString, length: i64, by: &str| -> Answer<()> {
            let Some(missing) = usize::try_from(length)
                .ok()
                .and_then(|n| n.checked_sub(text.chars().count()))
            else {
                return Ok(());
            };
            if by.is_empty() {
                return refuse("`pad` needs a text to fill with");
            }
            let bytes = missing.saturating_mul(4).saturating_add(text.len());
            if bytes > most.saturating_mul(4) {
                return too_long();
            }
            let filled: String = text
                .chars()
                .chain(by.chars().cycle().take(missing))
                .collect();
            *text = filled.into();
            Ok(())
        },
    );
}

/// Rhai's `pad` of a list overflows while it reckons how large the list would be.
fn pad_list(engine: &mut Engine, limits: &ScriptLimits) {
    let (items, bytes, nesting) = (limits.list_items, limits.live_bytes, limits.nesting);
    engine.register_fn(
        "pad",
        move |list: &mut Array, length: i64, item: Dynamic| -> Answer<()> {
            let length = usize::try_from(length).unwrap_or_default();
            let missing = length.saturating_sub(list.len());
            let mut of_one = Weight::default();
            of_one.add(&item, bytes, nesting);
            if length > items || of_one.is_too_deep || of_one.bytes.saturating_mul(missing) > bytes
            {
                return Err(Box::new(EvalAltResult::ErrorDataTooLarge(
                    "size of array".to_owned(),
                    Position::NONE,
                )));
            }
            if missing > 0 {
                list.resize(length, item);
            }
            Ok(())
        },
    );
}

/// Rhai compares and prints lists in lists by calling itself, a stack frame or more for each level,
/// and a script can make a thousand levels.
fn nested(engine: &mut Engine, depth: usize) {
    let same = move |a: Dynamic, b: Dynamic| -> Answer<bool> {
        equal(&a, &b, depth).map_or_else(refuse, Ok)
    };
    engine
        .register_fn("==", move |a: Array, b: Array| same(a.into(), b.into()))
        .register_fn("!=", move |a: Array, b: Array| {
            same(a.into(), b.into()).map(|same| !same)
        })
        .register_fn("==", move |a: Map, b: Map| same(a.into(), b.into()))
        .register_fn("!=", move |a: Map, b: Map| {
            same(a.into(), b.into()).map(|same| !same)
        });
    let said = move |value: Dynamic| -> Answer<String> {
        json_of(&value, depth).map_or_else(refuse, |json| Ok(json.to_string()))
    };
    for name in ["to_string", "to_debug", "to_json"] {
        engine
            .register_fn(name, move |list: &mut Array| said(list.clone().into()))
            .register_fn(name, move |map: &mut Map| said(map.clone().into()));
    }
}

/// Whether two values are equal, lists and maps by what they hold.
fn equal(a: &Dynamic, b: &Dynamic, depth: usize) -> Result<bool, String> {
    let too_deep = || "lists with so many lists in one another cannot be compared".to_owned();
    if let (Ok(a), Ok(b)) = (a.as_array_ref(), b.as_array_ref()) {
        let deeper = depth.checked_sub(1).ok_or_else(too_deep)?;
        if a.len() != b.len() {
            return Ok(false);
        }
        for (x, y) in a.iter().zip(b.iter()) {
            if !equal(x, y, deeper)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    if let (Ok(a), Ok(b)) = (a.as_map_ref(), b.as_map_ref()) {
        let deeper = depth.checked_sub(1).ok_or_else(too_deep)?;
        if a.len() != b.len() {
            return Ok(false);
        }
        for ((k, x), (l, y)) in a.iter().zip(b.iter()) {
            if k != l || !equal(x, y, deeper)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    if a.type_id() != b.type_id() {
        return Ok(false);
    }
    if a.is_unit() {
        return Ok(true);
    }
    // Values without parts are equal when they are the same value of the engine.
    match (json_of(a, 0), json_of(b, 0)) {
        (Ok(x), Ok(y)) => Ok(x == y),
        _ => Ok(false),
    }
}
