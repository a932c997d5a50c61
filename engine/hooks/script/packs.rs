//! What happens to packs and definitions, as rules see it.

use std::sync::Arc;

use rhai::{Dynamic, Engine, Map};

use super::context::Context;
use super::convert::to_script;
use crate::domain::Value;
use crate::hooks::{ConfigView, Detail, LifecycleView};

use super::Answer;

/// A change of the configuration.
#[derive(Debug, Clone)]
struct ConfigItem(Arc<ConfigView>);

pub(super) fn register(engine: &mut Engine) {
    lifecycle(engine);
    engine
        .register_type_with_name::<ConfigItem>("Config")
        .register_get("operation", |k: &mut ConfigItem| k.0.operation.name())
        .register_get("what", |k: &mut ConfigItem| k.0.what.clone())
        .register_get("code", |k: &mut ConfigItem| k.0.code.clone())
        .register_get("before", |k: &mut ConfigItem| map(&k.0.before))
        .register_get("after", |k: &mut ConfigItem| map(&k.0.after))
        .register_fn("differs", |k: &mut ConfigItem, name: &str| {
            k.0.differing().contains(&name)
        })
        .register_get("config", |c: &mut Context| match &c.call().detail {
            Detail::Config(config) => Ok(ConfigItem(Arc::clone(config))),
            _ => c.elsewhere("config", "config.guard"),
        });
}

fn lifecycle(engine: &mut Engine) {
    fn of<'c>(c: &'c Context, member: &str) -> Answer<&'c LifecycleView> {
        match &c.call().detail {
            Detail::Lifecycle(of) => Ok(of),
            _ => c.elsewhere(member, "pack.lifecycle"),
        }
    }
    fn version(version: Option<&String>) -> Dynamic {
        version.map_or(Dynamic::UNIT, |v| v.as_str().into())
    }
    engine
        .register_get("phase", |c: &mut Context| -> Answer<&'static str> {
            Ok(of(c, "phase")?.phase.name())
        })
        .register_get("from_version", |c: &mut Context| -> Answer<Dynamic> {
            Ok(version(of(c, "from_version")?.from.as_ref()))
        })
        .register_get("to_version", |c: &mut Context| -> Answer<Dynamic> {
            Ok(version(of(c, "to_version")?.to.as_ref()))
        })
        .register_get("dry_run", |c: &mut Context| -> Answer<bool> {
            Ok(of(c, "dry_run")?.dry_run)
        });
}

/// Values by name as a map of a script.
pub(super) fn map(values: &[(String, Value)]) -> Dynamic {
    let values = values.iter();
    let map: Map = values
        .map(|(name, value)| (name.as_str().into(), to_script(value)))
        .collect();
    Dynamic::from_map(map)
}
