//! The API of a desk, on a port of its own.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use opora::api::{Api, ApiOptions, hash_of};
use opora::desk::{Actor, Command};

use super::{Bed, Client, Fallible};

const SECRET: &str = "a-secret-of-the-bench";

/// A server in this process. It goes away with this.
pub struct Server {
    runtime: Option<tokio::runtime::Runtime>,
    address: SocketAddr,
}

impl Server {
    /// Serves a desk; who connects is an administrator.
    ///
    /// # Errors
    /// When there is no port, or the desk takes no token.
    pub fn of(bed: &Bed) -> Fallible<Self> {
        bed.run(&Command::CreateToken {
            actor: Actor::Admin { agent: None },
            note: "bench".to_owned(),
            hash: hash_of(SECRET),
        })?;
        let runtime = tokio::runtime::Runtime::new()?;
        let listener = TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let router = Api::new(Arc::clone(&bed.desk), ApiOptions::default()).router();
        runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            axum::serve(listener, router).await
        });
        Ok(Self {
            runtime: Some(runtime),
            address,
        })
    }

    /// A connection.
    ///
    /// # Errors
    /// When nobody listens any more.
    pub fn connect(&self) -> Fallible<Client> {
        Client::connect(self.address, SECRET)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
