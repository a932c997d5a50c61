//! `[limits]` of a manifest: what the pack's plugin asks for beyond the usual budgets.

use serde::Deserialize;
use toml::de::DeTable;

use super::fault::Faults;
use super::source::{Source, short};

/// Most that any plugin may ask for. JavaScript and Python bring an interpreter of 12 to 20 MiB, which
/// takes 10 to 15 MiB of memory before it runs a line of the plugin.
pub const CEILING: PluginLimits = PluginLimits {
    bytes: Some(32 << 20),
    memory: Some(64 << 20),
    fuel: Some(1_000_000_000),
};

/// What a plugin asks for; what it does not name stays usual.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PluginLimits {
    /// Size of the component in bytes.
    pub bytes: Option<u64>,
    /// Linear memory of a call in bytes.
    pub memory: Option<u64>,
    /// Fuel of a call.
    pub fuel: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLimits {
    plugin_bytes: Option<Amount>,
    plugin_memory: Option<Amount>,
    plugin_fuel: Option<Amount>,
}

/// A number, or one with a unit in a text: `"24 MiB"`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Amount {
    Number(i64),
    Text(String),
}

/// Takes the table out of the manifest and reads it.
pub(super) fn read(source: &Source, root: &mut DeTable<'_>, faults: &mut Faults) -> PluginLimits {
    let Some(value) = root.remove("limits") else {
        return PluginLimits::default();
    };
    let Some(raw) = source.read::<RawLimits>(value, faults) else {
        return PluginLimits::default();
    };
    let mut one = |name: &str, amount: Option<&Amount>, most: Option<u64>| {
        let read = read_amount(amount?).filter(|n| *n > 0);
        let message = match (read, most) {
            (Some(n), Some(most)) if n > most => {
                format!("{n} is over the ceiling of {most} for any plugin")
            }
            (Some(n), _) => return Some(n),
            (None, _) => match amount? {
                Amount::Number(n) => format!("`{n}` is no amount; write a positive number"),
                Amount::Text(t) => {
                    format!("`{}` is no amount; write such as \"24 MiB\"", short(t))
                }
            },
        };
        faults.push(source.fault(&format!("limits/{name}"), message));
        None
    };
    PluginLimits {
        bytes: one("plugin_bytes", raw.plugin_bytes.as_ref(), CEILING.bytes),
        memory: one("plugin_memory", raw.plugin_memory.as_ref(), CEILING.memory),
        fuel: one("plugin_fuel", raw.plugin_fuel.as_ref(), CEILING.fuel),
    }
}

fn read_amount(amount: &Amount) -> Option<u64> {
    match amount {
        Amount::Number(n) => u64::try_from(*n).ok(),
        Amount::Text(text) => {
            let (number, unit) = text.split_once(' ')?;
            let factor = match unit {
                "KiB" => 1 << 10,
                "MiB" => 1 << 20,
                _ => return None,
            };
            number.parse::<u64>().ok()?.checked_mul(factor)
        }
    }
}
