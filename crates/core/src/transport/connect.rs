//! Opening connections to one target.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, lookup_host};
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
    addresses: RefCell<Option<(RunTime, Rc<[SocketAddr]>)>>,
}

impl Connector {
    /// A connector to `target`. Nothing is opened yet.
    #[must_use]
    pub fn new(target: &Target, tls: &Tls) -> Self {
        let server_name = ServerName::try_from(target.host.clone()).map_err(|_| {
            Failure::new(Fault::Tls, format!("`{}` cannot be the name on a certificate", target.host))
        });
        Self { target: target.clone(), tls: tls.clone(), server_name, addresses: RefCell::default() }
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
        self.addresses.take();
        Err(last)
    }

    async fn resolve(&self, clock: &Clock) -> Result<Rc<[SocketAddr]>, Failure> {
        if let Some((at, addresses)) = &*self.addresses.borrow()
            && clock.now() - *at < ADDRESSES_VALID
        {
            return Ok(addresses.clone());
        }
        let Target { host, port, .. } = &self.target;
        let addresses: Rc<[SocketAddr]> = match host.parse::<IpAddr>() {
            Ok(address) => Rc::new([SocketAddr::new(address, *port)]),
            Err(_) => lookup_host((host.as_str(), *port))
                .await
                .map_err(|error| Failure::resolve(host, Some(&error)))?
                .collect(),
        };
        self.addresses.replace(Some((clock.now(), addresses.clone())));
        Ok(addresses)
    }
}

async fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
