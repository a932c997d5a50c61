//! The real program as a process: killed and started again, stopped politely, talked to by its own
//! subcommands.

#[cfg(test)]
mod articles;
#[cfg(test)]
mod delivery;
#[cfg(test)]
mod demo;
#[cfg(test)]
mod kill;
#[cfg(test)]
#[cfg(feature = "mcp")]
mod mcp;
#[cfg(test)]
#[cfg(feature = "script")]
mod pack_test;
#[cfg(test)]
mod packs;
#[cfg(test)]
mod plugin;
#[cfg(test)]
mod program;
#[cfg(test)]
#[cfg(feature = "script")]
mod schema;
#[cfg(test)]
mod serve;
#[cfg(test)]
mod smtp;
#[cfg(test)]
mod tls;
#[cfg(test)]
#[cfg(feature = "script")]
mod webhooks;
