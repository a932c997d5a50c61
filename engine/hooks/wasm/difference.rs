//! Where what a plugin was built with differs from the contract: the first place, in words.

use std::sync::LazyLock;

use wit_component::{DecodedWasm, decode};
use wit_parser::{
    Function, Interface, InterfaceId, PackageName, Resolve, Type, TypeDefKind,
    UnresolvedPackageGroup, WorldItem,
};

/// Texts of the contract that is offered, by `VERSION/FILE.wit`.
pub static WIT: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/wit.rs"));

/// Deepest type that is looked into.
const MAX_DEPTH: usize = 32;

/// The contract as it is offered; nothing when its own texts cannot be read, which tests forbid.
static OFFERED: LazyLock<Option<Resolve>> = LazyLock::new(offered);

fn offered() -> Option<Resolve> {
    let mut all = Resolve::default();
    let mut versions: Vec<&str> = WIT
        .iter()
        .filter_map(|(p, _)| p.split('/').next())
        .collect();
    versions.dedup();
    for version in versions {
        let mut sources = wit_parser::SourceMap::default();
        let own = |path: &str| path.split('/').next() == Some(version);
        for (path, text) in WIT.iter().filter(|(path, _)| own(path)) {
            sources.push_str(path, *text);
        }
        let group: UnresolvedPackageGroup = sources.parse().ok()?;
        all.push_group(group).ok()?;
    }
    Some(all)
}

/// A difference.
pub(super) struct Difference {
    /// The version under which the plugin has the interface.
    pub(super) version: String,
    /// The place, in words.
    pub(super) text: String,
}

/// The first difference between the interfaces of `opora:hooks` in a component and those offered,
/// in the order of the contract; nothing when there is none that can be told. What a component imports
/// may be a part of what is offered: languages leave out what they do not use.
pub(super) fn first(component: &[u8]) -> Option<Difference> {
    let ours = OFFERED.as_ref()?;
    let Ok(DecodedWasm::Component(theirs, world)) = decode(component) else {
        return None;
    };
    let world = theirs.worlds.get(world)?;
    let imports = world.imports.values().map(|item| (item, Side::Import));
    let exports = world.exports.values().map(|item| (item, Side::Export));
    let mut used: Vec<(InterfaceId, Side)> = imports
        .chain(exports)
        .filter_map(|(item, side)| match item {
            WorldItem::Interface { id, .. } => Some((*id, side)),
            _ => None,
        })
        .collect();
    used.dedup();
    used.into_iter().find_map(|(id, side)| {
        let (name, version, their) = of_contract(&theirs, id)?;
        let our = find(ours, &name, &version)?;
        Pair {
            theirs: &theirs,
            ours,
        }
        .interfaces(their, our, side)
        .map(|text| Difference {
            version,
            text: format!("`{name}`: {text}"),
        })
    })
}

/// On which side of a component an interface stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// It is called by the plugin.
    Import,
    /// It is called by the engine.
    Export,
}

/// Name and version of an interface of the contract.
fn of_contract(resolve: &Resolve, id: InterfaceId) -> Option<(String, String, &Interface)> {
    let interface = resolve.interfaces.get(id)?;
    let package: &PackageName = &resolve.packages.get(interface.package?)?.name;
    let version = package.version.as_ref();
    let version = version.map_or_else(|| "without a version".to_owned(), ToString::to_string);
    (package.namespace == "opora" && package.name == "hooks")
        .then(|| Some((interface.name.clone()?, version, interface)))?
}

/// The interface of that name: of that version, else of the newest that has it.
fn find<'a>(ours: &'a Resolve, name: &str, version: &str) -> Option<&'a Interface> {
    let found = ours.interfaces.iter().filter_map(|(id, _)| {
        let (own, offered, interface) = of_contract(ours, id)?;
        (own == name).then_some((offered == version, interface))
    });
    found.max_by_key(|(same, _)| *same).map(|(_, found)| found)
}

/// What is compared.
struct Pair<'a> {
    theirs: &'a Resolve,
    ours: &'a Resolve,
}

impl Pair<'_> {
    fn interfaces(&self, theirs: &Interface, ours: &Interface, side: Side) -> Option<String> {
        let types = ours.types.iter().find_map(|(name, our)| {
            let their = theirs.types.get(name)?;
            self.types(name, Type::Id(*their), Type::Id(*our), 0)
        });
        types
            .or_else(|| {
                let functions = ours.functions.iter();
                let mut found = functions.map(|(name, our)| match theirs.functions.get(name) {
                    Some(their) => self.functions(their, our),
                    None if side == Side::Import => None,
                    None => Some(format!(
                        "function `{name}` is missing, the contract has `{}`",
                        signature(self.ours, our)
                    )),
                });
                found.find_map(|found| found)
            })
            .or_else(|| {
                let mut names = theirs.functions.keys();
                let name = names.find(|name| !ours.functions.contains_key(*name))?;
                Some(format!("function `{name}` is not in the contract"))
            })
    }

    fn functions(&self, theirs: &Function, ours: &Function) -> Option<String> {
        let name = &ours.name;
        if theirs.params.len() != ours.params.len()
            || theirs.result.is_some() != ours.result.is_some()
        {
            return Some(self.signatures(theirs, ours));
        }
        let mut params = theirs.params.iter().zip(&ours.params);
        let inside = params
            .find_map(|(their, our)| self.types(&our.name, their.ty, our.ty, 0))
            .or_else(|| self.types("result", theirs.result?, ours.result?, 0));
        inside.map(|inside| format!("function `{name}`: {inside}"))
    }

    fn signatures(&self, theirs: &Function, ours: &Function) -> String {
        format!(
            "function `{}` is `{}` where the contract has `{}`",
            ours.name,
            signature(self.theirs, theirs),
            signature(self.ours, ours)
        )
    }

    /// Two types of different kinds, in words.
    fn other_type(&self, name: &str, theirs: Type, ours: Type) -> String {
        format!(
            "`{name}` has the type `{}` where the contract has `{}`",
            told(self.theirs, theirs, 0),
            told(self.ours, ours, 0)
        )
    }

    /// The first difference of two types that stand under the same name.
    fn types(&self, name: &str, theirs: Type, ours: Type, depth: usize) -> Option<String> {
        if depth > MAX_DEPTH {
            return None;
        }
        let (theirs, ours) = (plain(self.theirs, theirs), plain(self.ours, ours));
        let (Type::Id(their), Type::Id(our)) = (theirs, ours) else {
            return (theirs != ours).then(|| self.other_type(name, theirs, ours));
        };
        let (their, our) = (self.theirs.types.get(their)?, self.ours.types.get(our)?);
        let next = |name: &str, a, b| self.types(name, a, b, depth + 1);
        match (&their.kind, &our.kind) {
            (TypeDefKind::Record(a), TypeDefKind::Record(b)) => parts(
                ("record", name, "field"),
                &a.fields
                    .iter()
                    .map(|f| (&*f.name, Some(f.ty)))
                    .collect::<Vec<_>>(),
                &b.fields
                    .iter()
                    .map(|f| (&*f.name, Some(f.ty)))
                    .collect::<Vec<_>>(),
                next,
            ),
            (TypeDefKind::Variant(a), TypeDefKind::Variant(b)) => parts(
                ("variant", name, "case"),
                &a.cases.iter().map(|c| (&*c.name, c.ty)).collect::<Vec<_>>(),
                &b.cases.iter().map(|c| (&*c.name, c.ty)).collect::<Vec<_>>(),
                next,
            ),
            (TypeDefKind::Enum(a), TypeDefKind::Enum(b)) => parts(
                ("enum", name, "case"),
                &a.cases.iter().map(|c| (&*c.name, None)).collect::<Vec<_>>(),
                &b.cases.iter().map(|c| (&*c.name, None)).collect::<Vec<_>>(),
                next,
            ),
            (TypeDefKind::Tuple(a), TypeDefKind::Tuple(b)) if a.types.len() == b.types.len() => {
                let mut pairs = a.types.iter().zip(&b.types);
                pairs.find_map(|(a, b)| next(name, *a, *b))
            }
            (TypeDefKind::List(a), TypeDefKind::List(b))
            | (TypeDefKind::Option(a), TypeDefKind::Option(b)) => next(name, *a, *b),
            _ => Some(self.other_type(name, theirs, ours)),
        }
    }
}

/// A type behind its other names.
fn plain(resolve: &Resolve, mut ty: Type) -> Type {
    for _ in 0..MAX_DEPTH {
        let Type::Id(id) = ty else { break };
        let Some(TypeDefKind::Type(alias)) = resolve.types.get(id).map(|t| &t.kind) else {
            break;
        };
        ty = *alias;
    }
    ty
}

/// A function as it is written in a contract.
fn signature(resolve: &Resolve, function: &Function) -> String {
    let params = function.params.iter();
    let params: Vec<String> = params
        .map(|param| format!("{}: {}", param.name, told(resolve, param.ty, 0)))
        .collect();
    let result = function.result.map(|ty| told(resolve, ty, 0));
    let result = result.map_or_else(String::new, |ty| format!(" -> {ty}"));
    format!("func({}){result}", params.join(", "))
}

/// A type as it is written in a contract.
fn told(resolve: &Resolve, ty: Type, depth: usize) -> String {
    let Type::Id(id) = ty else {
        return format!("{ty:?}").to_lowercase();
    };
    let Some(def) = resolve.types.get(id).filter(|_| depth <= MAX_DEPTH) else {
        return "…".to_owned();
    };
    if let Some(name) = &def.name {
        return name.clone();
    }
    let told = |ty: Type| told(resolve, ty, depth + 1);
    match &def.kind {
        TypeDefKind::Type(ty) => told(*ty),
        TypeDefKind::List(ty) => format!("list<{}>", told(*ty)),
        TypeDefKind::Option(ty) => format!("option<{}>", told(*ty)),
        TypeDefKind::Tuple(all) => {
            let all: Vec<String> = all.types.iter().map(|ty| told(*ty)).collect();
            format!("tuple<{}>", all.join(", "))
        }
        other => other.as_str().to_owned(),
    }
}

/// Compares the fields of records, or the cases of variants: all of them, in their order.
fn parts(
    (kind, name, part): (&str, &str, &str),
    theirs: &[(&str, Option<Type>)],
    ours: &[(&str, Option<Type>)],
    deeper: impl Fn(&str, Type, Type) -> Option<String>,
) -> Option<String> {
    let has = |all: &[(&str, Option<Type>)], wanted: &str| all.iter().any(|(n, _)| *n == wanted);
    let mut pairs = theirs.iter().zip(ours);
    let renamed = pairs.find(|((a, _), (b, _))| a != b && !has(ours, a) && !has(theirs, b));
    if let Some(((found, _), (expected, _))) = renamed {
        return Some(format!(
            "{kind} `{name}` has the {part} `{found}` where the contract has `{expected}`"
        ));
    }
    if let Some((extra, _)) = theirs.iter().find(|(n, _)| !has(ours, n)) {
        return Some(format!(
            "{kind} `{name}` has the {part} `{extra}`, which the contract has not"
        ));
    }
    if let Some((missing, _)) = ours.iter().find(|(n, _)| !has(theirs, n)) {
        return Some(format!(
            "{kind} `{name}` lacks the {part} `{missing}`, which the contract has"
        ));
    }
    theirs.iter().zip(ours).find_map(|((a, ta), (b, tb))| {
        if a != b {
            return Some(format!(
                "{kind} `{name}` has the {part} `{a}` in the place of `{b}`"
            ));
        }
        let place = format!("{name}.{b}");
        match (ta, tb) {
            (Some(ta), Some(tb)) => deeper(&place, *ta, *tb),
            (None, None) => None,
            (Some(_), None) => Some(format!("`{place}` carries a value, in the contract none")),
            (None, Some(_)) => Some(format!("`{place}` carries no value, in the contract one")),
        }
    })
}
