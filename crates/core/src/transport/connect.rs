//! Opening connections to one target.

use std::cell::Cell;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

use crate::clock::{Clock, RunTime};
use crate::transport::http1::Http1;
use crate::transport::stamped::{Stamped, Stamps};
use crate::transport::{Connection, Failure, Tls};
use crate::wire::{Fault, Scheme, Target};

/// How long a resolved name is believed. A deployment's name can move while a test runs, but not every
/// connection needs to ask again.
const ADDRESSES_VALID: Duration = Duration::from_secs(30);

/// Opens connections to one target, on one thread.
#[derive(Debug)]
pub struct Connector {
    target: Target,
    tls: Tls,
    server_name: Result<ServerName<'static>, Failure>,
    addresses: Addresses,
}

impl Connector {
    /// A connector to `target`. Nothing is opened yet.
    #[must_use]
    pub fn new(target: &Target, tls: &Tls) -> Self {
        let server_name = ServerName::try_from(target.host.clone()).map_err(|_| {
            Failure::new(Fault::Tls, format!("`{}` cannot be the name on a certificate", target.host))
        });
        Self { target: target.clone(), tls: tls.clone(), server_name, addresses: Addresses::default() }
    }

    /// Opens a connection: resolves, connects, shakes hands.
    ///
    /// # Errors
    /// The reason for which there is no connection, as data.
    pub async fn connect(&self, clock: &Clock) -> Result<Connection, Failure> {
        let stream = self.tcp(clock).await?;
        let stamps = Rc::new(Cell::new(Stamps::default()));
        match self.target.scheme {
            Scheme::Http => Http1::handshake(Stamped::new(stream, *clock, stamps.clone()), stamps).await,
            Scheme::Https => {
                let name = self.server_name.clone()?;
                let connector = TlsConnector::from(self.tls.config.clone());
                let stream = connector.connect(name, stream).await.map_err(|error| Failure::tls(&error))?;
                Http1::handshake(Stamped::new(stream, *clock, stamps.clone()), stamps).await
            }
        }
        .map(Connection::Http1)
    }

    async fn tcp(&self, clock: &Clock) -> Result<TcpStream, Failure> {
        let addresses = self.resolve(clock).await?;
        let mut last = Failure::resolve(&self.target.host, None);
        for address in addresses.iter() {
            match open(*address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = Failure::connect(&address.to_string(), &error),
            }
        }
        self.addresses.forget().await;
        Err(last)
    }

    async fn resolve(&self, clock: &Clock) -> Result<Rc<[SocketAddr]>, Failure> {
        let Target { host, port, .. } = &self.target;
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(Rc::new([SocketAddr::new(address, *port)]));
        }
        let look_up = async || match lookup_host((host.as_str(), *port)).await {
            Ok(addresses) => Ok(addresses.collect()),
            Err(error) => Err(Failure::resolve(host, Some(&error))),
        };
        self.addresses.get(clock, look_up).await
    }
}

/// What a name resolves to. Many users that connect at once ask once.
#[derive(Debug, Default)]
struct Addresses(Mutex<Option<Answer>>);

/// The last answer.
#[derive(Debug)]
struct Answer {
    at: RunTime,
    addresses: Result<Rc<[SocketAddr]>, Failure>,
}

impl Addresses {
    async fn get(
        &self,
        clock: &Clock,
        look_up: impl AsyncFnOnce() -> Result<Rc<[SocketAddr]>, Failure>,
    ) -> Result<Rc<[SocketAddr]>, Failure> {
        let asked = clock.now();
        let mut last = self.0.lock().await;
        let valid = last.as_ref().filter(|answer| {
            // An answer that came while this user waited for its turn is its own, be it a failure.
            let own = answer.at >= asked;
            own || answer.addresses.is_ok() && asked - answer.at < ADDRESSES_VALID
        });
        if let Some(answer) = valid {
            return answer.addresses.clone();
        }
        let addresses = look_up().await;
        *last = Some(Answer { at: clock.now(), addresses: addresses.clone() });
        addresses
    }

    async fn forget(&self) {
        self.0.lock().await.take();
    }
}

async fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn many_users_that_connect_at_once_look_a_name_up_once() {
        let addresses = Addresses::default();
        let clock = Clock::start();
        let asked = Cell::new(0);
        let answer = Cell::new(None);
        let get = async || {
            let look_up = async || {
                asked.set(asked.get() + 1);
                yield_now().await;
                answer.get().map_or_else(|| Err(Failure::resolve("name", None)), |it| Ok(Rc::new([it]) as _))
            };
            addresses.get(&clock, look_up).await.map(|found| found.to_vec())
        };
        let failure = Err(Failure::resolve("name", None));
        assert_eq!(tokio::join!(get(), get(), get()), (failure.clone(), failure.clone(), failure));
        assert_eq!(asked.get(), 1);
        tokio::time::advance(Duration::from_nanos(1)).await;
        answer.set(Some(SocketAddr::from(([127, 0, 0, 1], 80))));
        assert!(get().await.is_ok() && get().await.is_ok());
        assert_eq!(asked.get(), 2);
        tokio::time::advance(ADDRESSES_VALID).await;
        assert!(get().await.is_ok());
        addresses.forget().await;
        assert!(get().await.is_ok());
        assert_eq!(asked.get(), 4);
    }
}
