//! Every request that can be put together, against the order of the checks written out by hand.

use super::*;
use crate::sim::Span;

const ROUTES: &[Route] = &[
    Route { prefix: "/links", methods: &["GET", "POST"], fields: &["url"], upstream: 0 },
    Route { prefix: "/links/stats", methods: &["GET"], fields: &[], upstream: 1 },
    Route { prefix: "/l", methods: &["GET"], fields: &[], upstream: 2 },
];

fn gateway() -> Gateway {
    Gateway::new(ROUTES, 1000, Tokens::new(5, Span(100)))
}

#[test]
fn the_first_check_that_fails_stops_the_request() {
    let mut gateway = gateway();
    let token = gateway.tokens.issue(7, Time(0));
    let key = gateway.tokens.api_key(8);
    let now = Time(100);
    let mut count = [0; 6];
    for bytes in [1000, 1001] {
        for (credential, known) in
            [(None, ""), (Some(Credential(1)), ""), (Some(token), ""), (Some(key), "8")]
        {
            for allowed in [true, false] {
                for (path, route) in [
                    ("/l/abc", Some(2)),
                    ("/links/stats?day=1", Some(1)),
                    ("/links", Some(0)),
                    ("/lin", None),
                ] {
                    for method in ["GET", "POST", "PUT"] {
                        for fields in [&["url", "ttl"][..], &[]] {
                            // By hand: which check is the first to object.
                            let by = if bytes > 1000 {
                                Some(Check::Size)
                            } else if known.is_empty() {
                                Some(Check::Authentication)
                            } else if !allowed {
                                Some(Check::RateLimit)
                            } else if route.is_none() {
                                Some(Check::Route)
                            } else if method == "PUT"
                                || (method == "POST" && (route != Some(0) || fields.is_empty()))
                            {
                                Some(Check::Validation)
                            } else {
                                None
                            };
                            let incoming = Incoming { method, path, credential, bytes, fields };
                            let mut asked = None;
                            let mut limit = |client, _| {
                                asked = Some(client);
                                allowed
                            };
                            let found = match gateway.admit(&incoming, &mut limit, now) {
                                Verdict::Stopped { by, .. } => Some(by),
                                Verdict::Forward { client, route: to } => {
                                    assert_eq!((client, Some(to)), (8, route));
                                    None
                                }
                            };
                            assert_eq!(found, by, "{incoming:?}");
                            assert_eq!(asked.is_some(), by.is_none_or(|by| by >= Check::RateLimit));
                            count[by.map_or(5, |by| by as usize)] += 1;
                        }
                    }
                }
            }
        }
    }
    for by in Check::ALL {
        assert!(count[by as usize] > 0 && gateway.stopped(by) == count[by as usize], "{}", by.name());
    }
    assert_eq!(gateway.forwarded(), count[5]);
}

#[test]
fn tokens_expire_and_can_be_revoked_and_keys_last() {
    let mut tokens = Tokens::new(5, Span(100));
    let (token, key) = (tokens.issue(1, Time(50)), tokens.api_key(2));
    assert_eq!(tokens.owner(token), Some((1, Time(150))));
    assert_eq!(tokens.owner(key), Some((2, Time::NEVER)));
    assert!(tokens.revoke(token) && !tokens.revoke(token));
    assert_eq!(tokens.owner(token), None);
    for client in 0..TOKENS_MAX as u32 + 5 {
        tokens.issue(client, Time(client.into()));
    }
    assert_eq!(tokens.len(), TOKENS_MAX);
    assert_eq!(tokens.owner(key), Some((2, Time::NEVER)), "what expires first goes first");
    tokens.check().unwrap();
}

#[test]
fn routes_are_whole_segments_and_the_longest_counts() {
    let gateway = gateway();
    let upstream = |path| gateway.route(path).map(|(_, route)| route.upstream);
    for (path, wanted) in [
        ("/links", Some(0)),
        ("/links/", Some(0)),
        ("/links/new", Some(0)),
        ("/links/stats", Some(1)),
        ("/links/statsx", Some(0)),
        ("/linksx", None),
        ("/l?x=/links", Some(2)),
        ("", None),
        ("links", None),
    ] {
        assert_eq!(upstream(path), wanted, "{path}");
    }
}
