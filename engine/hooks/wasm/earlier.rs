//! Plugins built for a version before 1.0.0, read as if they were built for it.
//!
//! Their interfaces have the types of 1.0.0, field for field, and types are compared as they are built:
//! only the names at the outside of the component differ. Those are put right once, before it is
//! compiled, so that a call costs the same. Names inside, of core modules and of nested components, are
//! between the parts of the plugin and stay.

use std::borrow::Cow;
use std::ops::Range;

use super::contract::{exported_interface, imported_interface, names, split};
use crate::hooks::reference::Interface;

/// The component with the names of the version that is offered; itself when it has them.
pub(super) fn read(component: &[u8]) -> Cow<'_, [u8]> {
    let Ok(outside) = names(component) else {
        // The compiler says what is wrong with it.
        return Cow::Borrowed(component);
    };
    let imports = outside.imports.into_iter().map(imported);
    let exports = outside.exports.into_iter().map(exported);
    let found: Vec<(Range<usize>, &str)> = imports
        .chain(exports)
        .flatten()
        .filter_map(|(version, now)| Some((place(component, version)?, now)))
        .collect();
    if found.is_empty() {
        return Cow::Borrowed(component);
    }
    let mut renamed = component.to_vec();
    for (range, now) in found {
        if let Some(bytes) = renamed.get_mut(range) {
            bytes.copy_from_slice(now.as_bytes());
        }
    }
    Cow::Owned(renamed)
}

/// What stands in a name for a version, and what shall.
type Renamed<'a> = Option<(&'a str, &'static str)>;

fn imported(name: &str) -> Renamed<'_> {
    let (interface, version) = split(name)?;
    renamed(imported_interface(interface)?, version)
}

fn exported(name: &str) -> Renamed<'_> {
    let (interface, version) = split(name)?;
    renamed(exported_interface(interface)?, version)
}

fn renamed<'a>(interface: &Interface, version: &'a str) -> Renamed<'a> {
    // Of one length: nothing else in the file moves.
    let is_earlier = interface.earlier == Some(version) && version.len() == interface.version.len();
    is_earlier.then_some((version, interface.version))
}

/// Where a part of the component lies in it.
fn place(component: &[u8], part: &str) -> Option<Range<usize>> {
    let start = part.as_ptr().addr();
    let start = start.checked_sub(component.as_ptr().addr())?;
    let range = start..start.checked_add(part.len())?;
    (component.get(range.clone())? == part.as_bytes()).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hooks::reference::interfaces;

    /// A component with an import and an export at its outside, and the same names inside of it.
    fn component(import: &str, export: &str) -> Vec<u8> {
        wat::parse_str(format!(
            r#"(component
                (import "{import}" (instance (export "because" (func))))
                (component $inner
                    (import "{import}" (instance))
                    (instance $i)
                    (export "{export}" (instance $i)))
                (core module
                    (import "{import}" "because" (func))
                    (func (export "{export}#guard"))
                    (memory 1)
                    (data (i32.const 0) "{import} {export}"))
                (instance $o)
                (export "{export}" (instance $o)))"#
        ))
        .expect("a component")
    }

    /// How often a text stands in the bytes.
    fn count(bytes: &[u8], text: &str) -> usize {
        bytes
            .windows(text.len())
            .filter(|w| *w == text.as_bytes())
            .count()
    }

    #[test]
    fn only_the_names_at_the_outside_are_renamed() {
        let (log, guard) = (
            "opora:hooks/log@0.1.0",
            "opora:hooks/transition-guard@0.1.0",
        );
        let built = component(log, guard);
        let read = read(&built);
        let outside = names(&read).expect("a component");
        assert_eq!(outside.imports, ["opora:hooks/log@1.0.0"]);
        assert_eq!(outside.exports, ["opora:hooks/transition-guard@1.0.0"]);
        // Two digits in each of the two names, and nothing else.
        assert_eq!(read.len(), built.len());
        let other = built.iter().zip(&*read).filter(|(a, b)| a != b);
        assert_eq!(
            other.map(|(a, b)| (*a, *b)).collect::<Vec<_>>(),
            [(b'0', b'1'), (b'1', b'0'), (b'0', b'1'), (b'1', b'0')]
        );
        for name in [log, guard] {
            assert_eq!(count(&read, name), count(&built, name) - 1, "{name}");
        }
    }

    #[test]
    fn what_is_offered_or_was_never_published_stays_as_it_is() {
        for (import, export) in [
            (
                "opora:hooks/log@1.0.0",
                "opora:hooks/transition-guard@1.0.0",
            ),
            (
                "opora:hooks/log@0.2.0",
                "opora:hooks/transition-guard@0.2.0",
            ),
            ("opora:hooks/log@0.9.0", "opora:hooks/field-compute@0.1.0"),
            (
                "other:hooks/log@0.1.0",
                "other:hooks/transition-guard@0.1.0",
            ),
            (
                "opora:hooks/transition-guard@0.1.0",
                "opora:hooks/log@0.1.0",
            ),
            ("opora:hooks/log", "opora:hooks/transition-guard"),
        ] {
            let built = component(import, export);
            let read = read(&built);
            assert!(matches!(read, Cow::Borrowed(_)), "{import}, {export}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_left_to_the_compiler() {
        let built = component("opora:hooks/log@0.1.0", "opora:hooks/define@0.1.0");
        let cut = &built[..built.len() - 3];
        assert!(matches!(read(cut), Cow::Borrowed(_)));
        assert!(matches!(read(b"\0asm"), Cow::Borrowed(_)));
    }

    /// Else a version would not fit in the place of the other one.
    #[test]
    fn versions_are_of_one_length() {
        let mut earlier = 0;
        for interface in interfaces() {
            if let Some(version) = interface.earlier {
                earlier += 1;
                assert_eq!(version.len(), interface.version.len(), "{}", interface.name);
            }
        }
        assert_eq!(earlier, 27);
    }
}
