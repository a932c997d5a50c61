//! Packs beside each other: order, references, local fields.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::kit::{DEFINITIONS, good, lines};
use crate::domain::definitions::FieldSet;
use crate::domain::{FieldDef, Kind, Names, Value, ValueType};
use crate::hooks::Hook;
use crate::packs::{Catalog, Loaded, LocalFields};

const SCRIPT: &str = "fn run(call) {}\n";

/// A pack with rules given as `name priority`, and definitions.
fn pack(name: &str, requires: &str, rules: &[(&str, i32)], definitions: &str) -> Arc<Loaded> {
    let mut text = format!(
        "[pack]\nname = \"{name}\"\nversion = \"1.0.0\"\nengine = \"0.1\"\nrequires = [{requires}]\n"
    );
    for (rule, priority) in rules {
        text.push_str(&format!(
            "[[rule]]\nname = \"{rule}\"\nhook = \"record.validate\"\nscript = \"r.rhai\"\n\
             function = \"run\"\npriority = {priority}\napplies_to = [\"*\"]\n"
        ));
    }
    good(&[
        ("pack.toml", text.as_str()),
        ("r.rhai", SCRIPT),
        ("definitions.toml", definitions),
    ])
}

fn order(packs: &[Arc<Loaded>]) -> Vec<String> {
    let catalog = Catalog::build(packs, &[]).unwrap();
    let names = catalog.packs().iter().map(|p| p.name().to_owned());
    let rules = catalog.rules(Hook::RecordValidate).iter().map(|r| r.id());
    names.chain(rules).collect()
}

fn refused(packs: &[Arc<Loaded>]) -> String {
    lines(&Catalog::build(packs, &[]).unwrap_err())
}

/// Every order of the items.
fn permutations(items: &[Arc<Loaded>]) -> Vec<Vec<Arc<Loaded>>> {
    let Some((first, rest)) = items.split_first() else {
        return vec![Vec::new()];
    };
    let mut all = Vec::new();
    for shorter in permutations(rest) {
        for place in 0..=shorter.len() {
            let mut longer = shorter.clone();
            longer.insert(place, first.clone());
            all.push(longer);
        }
    }
    all
}

#[test]
fn rules_run_in_one_order_however_packs_were_installed() {
    let packs = [
        pack("zebra", "", &[("b", 0), ("a", 0), ("late", 10)], ""),
        pack("apple", "\"zebra\"", &[("x", 0), ("early", -5)], ""),
        pack("mango", "\"apple\", \"zebra\"", &[("y", 0)], ""),
        pack("berry", "", &[("z", 0)], ""),
    ];
    let expected = [
        "berry",
        "zebra",
        "apple",
        "mango",
        "apple/early",
        "berry/z",
        "zebra/a",
        "zebra/b",
        "apple/x",
        "mango/y",
        "zebra/late",
    ];
    let all = permutations(&packs);
    assert_eq!(all.len(), 24);
    for packs in all {
        assert_eq!(order(&packs), expected);
    }
}

#[test]
fn packs_that_miss_each_other_are_refused() {
    let a = || pack("a", "\"b\"", &[], "");
    let b = || pack("b", "\"c\"", &[], "");
    let c = || pack("c", "\"a\"", &[], "");
    assert_eq!(
        refused(&[a(), c()]),
        "pack.toml:5:13: pack `b` is not installed; install it first"
    );
    assert_eq!(
        refused(&[a(), b(), c()]),
        "pack.toml:5:12: packs require each other in a circle: a, b, c\n"
            .repeat(3)
            .trim_end()
    );
    assert_eq!(
        refused(&[pack("a", "", &[], ""), pack("a", "", &[], "")]),
        "pack.toml:2:8: pack `a` stands twice"
    );
}

#[test]
fn references_to_other_packs_are_checked() {
    let base = || pack("base", "", &[], DEFINITIONS);
    let user = |text: &str| pack("user", "\"base\"", &[], text);
    let good = user(
        "[[type]]\ncode = \"return\"\nworkflow = \"base/repair\"\nfield_sets = [\"base/device\"]\n",
    );
    let catalog = Catalog::build(&[good.clone(), base()], &[]).unwrap();
    let of = |name| catalog.field(Kind::Ticket, Some("user/return"), name);
    assert!(of("base/severity").is_some());
    assert!(
        of("severity").is_none(),
        "the name is not of the type's own pack"
    );
    assert_eq!(
        catalog
            .workflow(Kind::Ticket, Some("user/return"))
            .unwrap()
            .initial,
        "base/todo"
    );
    assert_eq!(
        catalog
            .status(Kind::Ticket, Some("user/return"), "bench")
            .unwrap()
            .code,
        "base/bench"
    );
    // Without the pack, and with a misspelling of what it has.
    let alone = pack(
        "user",
        "",
        &[],
        "[[type]]\ncode = \"t\"\nworkflow = \"base/repair\"\n",
    );
    assert_eq!(
        refused(&[alone]),
        "definitions.toml:3:12: workflow `base/repair` is of pack `base`, which is not installed; \
         install it and add it to `requires`"
    );
    let bad = user(
        "[[type]]\ncode = \"t\"\nworkflow = \"base/repiar\"\nfield_sets = [\"base/devise\"]\n",
    );
    assert_eq!(
        refused(&[bad, base()]),
        "definitions.toml:3:12: pack `base` has no workflow `repiar`; did you mean `base/repair`?\n\
         definitions.toml:4:15: pack `base` has no field set `devise`; did you mean `base/device`?"
    );
    // A workflow that requires a field its type does not have.
    let bad = user("[[type]]\ncode = \"t\"\nworkflow = \"base/repair\"\n");
    assert_eq!(
        refused(&[bad, base()]),
        "definitions.toml:17:46: the transition requires field `base/severity`, which records of type \
         `user/t` do not have; give the type its field set"
    );
}

#[test]
fn rules_that_name_types_of_other_packs_are_checked() {
    let rule = |applies: &str| {
        let text = format!(
            "[pack]\nname = \"user\"\nversion = \"1.0.0\"\nengine = \"0.1\"\n[[rule]]\nname = \"a\"\n\
             hook = \"form.rules\"\nscript = \"r.rhai\"\nfunction = \"run\"\napplies_to = [\"{applies}\"]\n"
        );
        good(&[("pack.toml", text.as_str()), ("r.rhai", SCRIPT)])
    };
    let base = pack("base", "", &[], DEFINITIONS);
    let other = pack("other", "", &[], DEFINITIONS);
    let catalog = Catalog::build(&[rule("base/fault"), base.clone(), other.clone()], &[]).unwrap();
    let runs = |code| {
        catalog
            .rules_for(Hook::FormRules, Kind::Ticket, Some(code))
            .count()
    };
    assert_eq!((runs("base/fault"), runs("other/fault")), (1, 0));
    // One name in two packs means neither.
    assert!(catalog.resolve_type("fault").is_none());
    assert_eq!(catalog.types(Kind::Ticket).count(), 2);
    assert_eq!(
        refused(&[rule("base/falut"), base]),
        "pack.toml:10:15: pack `base` has no type `falut`; did you mean `base/fault`?"
    );
}

#[test]
fn fields_of_a_kind_belong_to_every_record_of_it() {
    let crm = pack(
        "crm",
        "",
        &[],
        "[[field_set]]\ncode = \"money\"\nkind = \"account\"\n[[field_set.fields]]\ncode = \"credit\"\n\
         value = \"decimal\"\ndefault = 1.5\n[[field_set]]\ncode = \"all\"\nkind = \"ticket\"\n\
         [[field_set.fields]]\ncode = \"source\"\nvalue = \"text\"\n",
    );
    let catalog =
        Catalog::build(&[pack("base", "", &[], DEFINITIONS), Arc::clone(&crm)], &[]).unwrap();
    assert!(catalog.field(Kind::Account, None, "crm/credit").is_some());
    // The bare name means the field of the one pack that has it; of two packs it means none.
    assert!(catalog.field(Kind::Account, None, "credit").is_some());
    let bank = pack(
        "bank",
        "",
        &[],
        "[[field_set]]\ncode = \"money\"\nkind = \"account\"\n[[field_set.fields]]\ncode = \"credit\"\n\
         value = \"decimal\"\n",
    );
    let both = Catalog::build(&[Arc::clone(&crm), bank], &[]).unwrap();
    assert!(both.field(Kind::Account, None, "credit").is_none());
    assert!(
        catalog
            .resolve(Kind::Account, None, Some("crm"), "credit")
            .is_some()
    );
    assert!(
        catalog
            .field(Kind::Ticket, Some("base/fault"), "crm/source")
            .is_some()
    );
    assert!(catalog.field(Kind::Contact, None, "crm/credit").is_none());
}

fn local(code: &str, kind: Option<Kind>, types: &[&str]) -> LocalFields {
    LocalFields {
        set: FieldSet {
            code: code.to_owned(),
            names: Names::default(),
            kind,
            fields: vec![FieldDef::new(code, ValueType::Text)],
        },
        types: types.iter().map(|t| (*t).to_owned()).collect(),
    }
}

#[test]
fn administrators_add_fields_while_running() {
    let base = [pack("base", "", &[], DEFINITIONS)];
    let extra = [
        local("room", None, &["base/fault"]),
        local("vip", Some(Kind::Contact), &[]),
    ];
    let catalog = Catalog::build(&base, &extra).unwrap();
    let fields = catalog.fields(Kind::Ticket, Some("base/fault"));
    assert_eq!(fields.last().unwrap().code, "local/room");
    assert!(catalog.field(Kind::Contact, None, "local/vip").is_some());
    assert_eq!(catalog.local()[0].set.fields[0].code, "local/room");
    let again = Catalog::build(&base, catalog.local()).unwrap();
    assert_eq!(again.local(), catalog.local());

    let mut bad = local("Room", None, &["base/falut"]);
    bad.set.fields.push(FieldDef::new("base/x", ValueType::Ref));
    let faults = Catalog::build(&base, &[bad]).unwrap_err();
    assert_eq!(
        lines(&faults),
        ": there is no type `base/falut` to add fields to\n\
         : code of field `Room` must begin with a lower-case letter a-z\n\
         : field `base/x` is not in the namespace `local`\n\
         : field `x` refers to records: name their kind in `target`"
    );
}

#[test]
fn the_empty_catalog_has_the_engines_own() {
    let catalog = Catalog::empty();
    assert!(catalog.field(Kind::Ticket, None, "title").is_some());
    assert_eq!(
        catalog
            .status(Kind::Article, None, "published")
            .unwrap()
            .category
            .name(),
        "done"
    );
    assert!(catalog.rules(Hook::FormRules).is_empty());
    assert!(catalog.resolve_type("fault").is_none());
    assert!(catalog.survey("a/b").is_none());
    assert!(catalog.options("a").is_none());
}

#[test]
fn options_keep_their_type() {
    let loaded = good(&[(
        "pack.toml",
        "[pack]\nname = \"demo\"\nversion = \"1.0.0-rc.1\"\nengine = \"0.1\"\n[options.days]\nvalue = 14\n\
         [options.from]\nvalue = 2026-03-02\n[options.at]\nvalue = 2026-03-02T09:00:00+03:00\n\
         [options.rate]\nvalue = 1.25\n[options.mails]\nvalue = [\"a@b\"]\n",
    )]);
    let shown: Vec<String> = loaded
        .options
        .values()
        .map(|v| v.to_json().to_string())
        .collect();
    assert_eq!(
        shown,
        [
            "\"2026-03-02T06:00:00Z\"",
            "14",
            "\"2026-03-02\"",
            "[\"a@b\"]",
            "\"1.25\""
        ]
    );
    let set =
        |name: &str, value: Value| loaded.with_options(&BTreeMap::from([(name.to_owned(), value)]));
    let other = set("days", Value::Int(30)).unwrap();
    assert_eq!(other.options.get("days"), Some(&Value::Int(30)));
    assert_eq!(other.options.len(), 5);
    assert_eq!(
        lines(&set("days", Value::Bool(true)).unwrap_err()),
        "pack.toml:6:9: option `days` holds values such as `14`, not `true`"
    );
    assert_eq!(
        lines(&set("dais", Value::Int(1)).unwrap_err()),
        "pack.toml: the pack has no option `dais`; did you mean `days`?"
    );
    let catalog = Catalog::build(&[Arc::new(other)], &[]).unwrap();
    assert_eq!(
        catalog.options("demo").unwrap().get("days"),
        Some(&Value::Int(30))
    );
}

/// A pack of rules on a hook, each given as its name and further keys.
fn chained(hook: &str, rules: &[(&str, &str)]) -> Arc<Loaded> {
    let mut text = "[pack]\nname = \"ring\"\nversion = \"1.0.0\"\nengine = \"0.1\"\n".to_owned();
    for (name, keys) in rules {
        text.push_str(&format!(
            "[[rule]]\nname = \"{name}\"\nhook = \"{hook}\"\nscript = \"r.rhai\"\n\
             function = \"run\"\napplies_to = [\"*\"]\n{keys}\n"
        ));
    }
    good(&[
        ("pack.toml", text.as_str()),
        ("r.rhai", SCRIPT),
        ("definitions.toml", DEFINITIONS),
    ])
}

#[test]
fn computed_fields_that_follow_from_each_other_are_refused() {
    let first = ("first", "reads = [\"title\"]\nwrites = [\"category\"]");
    let second = ("second", "reads = [\"category\"]\nwrites = [\"channel\"]");
    let third = ("third", "reads = [\"channel\"]\nwrites = [\"title\"]");
    let own = (
        "own",
        "reads = [\"description\"]\nwrites = [\"description\"]",
    );
    let open = chained("field.compute", &[first, second, own]);
    assert!(Catalog::build(&[open], &[]).is_ok());
    let closed = chained("field.compute", &[first, own, second, third]);
    let said = refused(&[closed]);
    assert!(
        said.contains("in a circle: ring/first -> ring/second -> ring/third -> ring/first"),
        "{said}"
    );
}

#[test]
fn rules_that_wake_each_other_are_told_of() {
    let ping = ("ping", "fields = [\"category\"]\nwrites = [\"channel\"]");
    let pong = ("pong", "fields = [\"channel\"]\nwrites = [\"category\"]");
    let once = (
        "pong",
        "fields = [\"channel\"]\nwrites = [\"category\"]\nonce = \"change\"",
    );
    let warned = |rules: &[(&str, &str)]| {
        let catalog = Catalog::build(&[chained("record.changed", rules)], &[]).unwrap();
        catalog.warnings().join("\n")
    };
    let said = warned(&[ping, pong]);
    assert!(
        said.contains("ring/ping -> ring/pong -> ring/ping"),
        "{said}"
    );
    assert_eq!(warned(&[ping, once]), "");
    assert_eq!(warned(&[ping]), "");
}
