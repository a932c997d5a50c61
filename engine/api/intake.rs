//! The intake: who is it, what arrives, and what becomes of it.

mod accept;
mod board;
mod mail;
mod receive;
mod search;

use super::route::Routes;

/// Adds the routes.
pub(super) fn add(routes: &mut Routes) {
    search::add(routes);
    receive::add(routes);
    mail::add(routes);
    accept::add(routes);
    board::add(routes);
}
