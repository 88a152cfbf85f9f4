//! `--requests`: one row of CSV for each request of a run.

use crate::sim::{Arena, Call, CallId, Observer, Outcome, Place, Request, Time};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::sync::Arc;

/// Watches a run and writes down what it saw, now and then.
pub trait Recorder: Observer {
    /// Writes what has been seen since. `classes` are the names of the requests' classes.
    ///
    /// # Errors
    /// The file cannot be written.
    fn write(&mut self, classes: &[Arc<str>]) -> io::Result<()>;

    /// Writes what is still in flight when the run is over.
    ///
    /// # Errors
    /// The file cannot be written.
    fn finish(&mut self, requests: &Arena<Request>, classes: &[Arc<str>]) -> io::Result<()>;
}

impl Recorder for () {
    fn write(&mut self, _: &[Arc<str>]) -> io::Result<()> {
        Ok(())
    }
    fn finish(&mut self, _: &Arena<Request>, _: &[Arc<str>]) -> io::Result<()> {
        Ok(())
    }
}

/// The last server that answered a request; times are milliseconds.
#[derive(Clone, Copy, Debug)]
struct Served {
    server: Place,
    queue_ms: f64,
    service_ms: f64,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    number: u64,
    born: Time,
    end: Option<(Time, Outcome)>,
    client: u32,
    class: u16,
    served: Option<Served>,
}

/// Writes rows in the order in which requests ended, then those that did not.
#[derive(Debug)]
pub struct RequestsCsv {
    out: BufWriter<File>,
    /// By index of the node: its id, if it has servers.
    servers: Vec<Option<String>>,
    served: BTreeMap<u64, Served>,
    ended: Vec<Row>,
}

impl RequestsCsv {
    /// # Errors
    /// The file cannot be written.
    pub fn new(file: File, servers: Vec<Option<String>>) -> io::Result<RequestsCsv> {
        let mut out = BufWriter::new(file);
        writeln!(out, "number,born_ms,ended_ms,outcome,client,path,server,queue_ms,service_ms")?;
        Ok(RequestsCsv { out, servers, served: BTreeMap::new(), ended: vec![] })
    }

    fn write_row(&mut self, row: Row, classes: &[Arc<str>]) -> io::Result<()> {
        let path = classes.get(row.class as usize).map_or("", |path| path);
        write!(self.out, "{},{},", row.number, row.born.ms())?;
        match row.end {
            Some((at, outcome)) => write!(self.out, "{},{},", at.ms(), outcome.id())?,
            None => write!(self.out, ",in-flight,")?,
        }
        write!(self.out, "{},{},", row.client, quoted(path))?;
        match row.served {
            Some(Served { server, queue_ms, service_ms }) => {
                let id = self.servers.get(server.node as usize).and_then(Option::as_deref).unwrap_or("");
                writeln!(self.out, "{id}/{},{queue_ms},{service_ms}", server.member + 1)
            }
            None => writeln!(self.out, ",,"),
        }
    }
}

impl Observer for RequestsCsv {
    fn ended(&mut self, request: &Request, outcome: Outcome, now: Time) {
        let served = self.served.remove(&request.number);
        self.ended.push(Row { end: Some((now, outcome)), ..row(request, served) });
    }

    fn returned(&mut self, _: CallId, call: &Call, request: &Request, _: Time) {
        let serves = matches!(self.servers.get(call.to.node as usize), Some(Some(_)));
        if request.probe || request.outcome.is_some() || !serves || !call.outcome.is_ok() {
            return;
        }
        let served = Served {
            server: call.to,
            queue_ms: call.started.since(call.arrived).ms(),
            service_ms: call.finished.since(call.started).ms(),
        };
        self.served.insert(request.number, served);
    }
}

impl Recorder for RequestsCsv {
    fn write(&mut self, classes: &[Arc<str>]) -> io::Result<()> {
        let rows = std::mem::take(&mut self.ended);
        rows.into_iter().try_for_each(|row| self.write_row(row, classes))
    }

    fn finish(&mut self, requests: &Arena<Request>, classes: &[Arc<str>]) -> io::Result<()> {
        self.write(classes)?;
        let under_way = requests.iter().filter(|(_, request)| !request.probe && request.outcome.is_none());
        let mut rows: Vec<Row> = under_way.map(|(_, request)| row(request, None)).collect();
        rows.sort_by_key(|row| row.number);
        rows.into_iter().try_for_each(|row| self.write_row(row, classes))?;
        self.out.flush()
    }
}

fn row(request: &Request, served: Option<Served>) -> Row {
    let Request { number, born, client, class, .. } = *request;
    Row { number, born, end: None, client, class, served }
}

/// As RFC 4180 has it; a log's paths may hold anything. A spreadsheet takes a leading = for a formula.
fn quoted(path: &str) -> String {
    let formula = path.starts_with(['=', '+', '-', '@']);
    let plain = if formula { format!("'{path}") } else { path.to_owned() };
    if plain.contains([',', '"', '\n', '\r']) { format!("\"{}\"", plain.replace('"', "\"\"")) } else { plain }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_and_are_no_formulas() {
        assert_eq!(quoted("/a/b"), "/a/b");
        assert_eq!(quoted("/a,\"b\""), "\"/a,\"\"b\"\"\"");
        assert_eq!(quoted("=1+1"), "'=1+1");
    }
}
