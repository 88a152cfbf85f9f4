//! Published tables, textbook examples, limits, Little's law, and two brute-force models: the balance
//! equations solved as a linear system, and one request's way out integrated step by step.

use super::*;

#[track_caller]
fn near(got: f64, want: f64, tolerance: f64) {
    assert!((got - want).abs() <= tolerance, "got {got}, want {want} ± {tolerance}");
}

/// Offered load in erlangs at which 1 % or 5 % is lost, as the standard Erlang B traffic tables print it.
#[test]
fn erlang_b_gives_the_traffic_tables() {
    let table = [
        (1, 0.01, 0.0101),
        (2, 0.01, 0.153),
        (5, 0.01, 1.361),
        (10, 0.01, 4.461),
        (20, 0.01, 12.03),
        (50, 0.01, 37.90),
        (100, 0.01, 84.06),
        (10, 0.05, 6.216),
    ];
    for (servers, lost, offered) in table {
        near(erlang_b(servers, offered) / lost, 1.0, 0.01);
    }
}

/// Hillier and Lieberman, *Introduction to Operations Research*, the County Hospital example: 2 patients an
/// hour, 3 treated an hour by each doctor. (One hour stands for one second here.)
#[test]
fn hillier_and_liebermans_hospital() {
    let (one, two) = (mm1(2.0, 1000.0 / 3.0).unwrap(), mmc(2.0, 1000.0 / 3.0, 2).unwrap());
    near(one.mean_queue_length, 4.0 / 3.0, 1e-12);
    near(one.mean_in_system, 2.0, 1e-12);
    near(one.mean_wait_ms, 2000.0 / 3.0, 1e-9);
    near(one.mean_sojourn_ms, 1000.0, 1e-9);
    near(two.mean_queue_length, 1.0 / 12.0, 1e-12);
    near(two.mean_in_system, 0.75, 1e-12);
    near(two.mean_wait_ms, 1000.0 / 24.0, 1e-9);
    near(two.wait_probability, 1.0 / 6.0, 1e-12);
}

/// Anderson, Sweeney and Williams, *Quantitative Methods for Business*, waiting line models: Burger Dome
/// (0.75 customers and 1 service a minute), Microdata (12 and 6 an hour, lost calls), Hartlage's (0.35 a
/// minute, 2 minutes ± 1.2). Four decimals are printed.
#[test]
fn anderson_sweeney_and_williams_examples() {
    let one = mm1(0.75, 1000.0).unwrap();
    near(one.mean_queue_length, 2.25, 1e-12);
    near(one.mean_sojourn_ms, 4000.0, 1e-9);
    let two = mmc(0.75, 1000.0, 2).unwrap();
    near(two.mean_queue_length, 0.1227, 5e-5);
    near(two.mean_in_system, 0.8727, 5e-5);
    near(two.wait_probability, 0.2045, 5e-5);
    near(erlang_b(3, 2.0), 0.2105, 5e-5);
    let hartlage = mg1(0.35, 2000.0, 1.2 * 1.2 / 4.0).unwrap();
    near(hartlage.mean_queue_length, 1.1107, 5e-5);
    near(hartlage.mean_in_system, 1.8107, 5e-5);
    near(hartlage.mean_wait_ms / 1000.0, 3.1733, 5e-5);
    // Constant service halves the queue.
    near(md1(0.75, 1000.0).unwrap().mean_queue_length, 2.25 / 2.0, 1e-12);
}

/// The steady state of a finite Markov chain, from its generator by Gaussian elimination.
fn balance(rate: impl Fn(usize, usize) -> f64, states: usize) -> Vec<f64> {
    // One balance equation a state; the last is replaced by "the shares add up to 1".
    let mut rows: Vec<Vec<f64>> = (0..states)
        .map(|to| {
            let mut row: Vec<f64> =
                (0..states).map(|from| if from == to { 0.0 } else { rate(from, to) }).collect();
            row[to] = -(0..states).filter(|&next| next != to).map(|next| rate(to, next)).sum::<f64>();
            row.push(0.0);
            row
        })
        .collect();
    rows[states - 1] = vec![1.0; states + 1];
    for column in 0..states {
        let pivot = (column..states).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()));
        rows.swap(column, pivot.unwrap());
        for row in 0..states {
            let factor = rows[row][column] / rows[column][column];
            if row != column && factor != 0.0 {
                let above = rows[column].clone();
                rows[row].iter_mut().zip(above).for_each(|(entry, above)| *entry -= factor * above);
            }
        }
    }
    (0..states).map(|i| rows[i][states] / rows[i][i]).collect()
}

#[test]
fn finite_queues_solve_their_balance_equations() {
    for (servers, places) in [(1, 0), (1, 7), (3, 5), (4, 16), (5, 0), (20, 20)] {
        for load in [0.05, 0.5, 0.999, 1.0, 1.001, 1.7, 20.0] {
            let (c, k) = (servers as usize, (servers + places) as usize);
            let arrivals = load * c as f64;
            let shares = balance(
                |from, to| match to as i64 - from as i64 {
                    1 => arrivals,
                    -1 => from.min(c) as f64,
                    _ => 0.0,
                },
                k + 1,
            );
            let got = mmck(arrivals, 1000.0, servers, places).unwrap();
            let queue: f64 = shares.iter().enumerate().map(|(n, p)| n.saturating_sub(c) as f64 * p).sum();
            let busy: f64 = shares.iter().enumerate().map(|(n, p)| n.min(c) as f64 * p).sum();
            let waits: f64 = shares[c..k].iter().sum::<f64>() / (1.0 - shares[k]);
            near(got.blocked_share, shares[k], 1e-10);
            near(got.mean_queue_length, queue, 1e-9);
            near(got.mean_in_system, queue + busy, 1e-9);
            near(got.utilisation, busy / c as f64, 1e-10);
            near(got.throughput_per_s, arrivals * (1.0 - shares[k]), 1e-8);
            near(got.wait_probability, waits, 1e-8);
        }
    }
}

/// Share still there at `t_ms` of requests that find j waiting with probability `ahead[j]`, else are served at
/// once: the absorbing chain of one request's way out, by the classical Runge–Kutta method.
fn still_there(ahead: &[f64], servers: f64, service_ms: f64, t_ms: f64) -> (f64, f64) {
    let slope = |y: &[f64]| -> Vec<f64> {
        // y[0] is in service; y[j + 1] has j waiting before it.
        let lead = servers / service_ms;
        let n = y.len();
        (0..n)
            .map(|i| {
                let from_behind = if i + 1 < n { lead * y[i + 1] } else { 0.0 };
                from_behind - if i == 0 { y[0] / service_ms } else { lead * y[i] }
            })
            .collect()
    };
    let add =
        |y: &[f64], k: &[f64], h: f64| -> Vec<f64> { y.iter().zip(k).map(|(y, k)| y + h * k).collect() };
    let mut y = vec![1.0 - ahead.iter().sum::<f64>()];
    y.extend_from_slice(ahead);
    let steps = (t_ms / service_ms * servers * 40.0) as usize + 1;
    let h = t_ms / steps as f64;
    for _ in 0..steps {
        let a = slope(&y);
        let b = slope(&add(&y, &a, h / 2.0));
        let c = slope(&add(&y, &b, h / 2.0));
        let d = slope(&add(&y, &c, h));
        for i in 0..y.len() {
            y[i] += h / 6.0 * (a[i] + 2.0 * b[i] + 2.0 * c[i] + d[i]);
        }
    }
    (y[1..].iter().sum(), y.iter().sum())
}

#[test]
fn percentiles_agree_with_one_request_followed_to_its_end() {
    for (servers, places, load) in [(1u32, 6u32, 0.8), (1, 1, 3.0), (4, 9, 1.2), (3, 4, 1.0), (2, 0, 0.9)] {
        let arrivals = load * f64::from(servers);
        let got = mmck(arrivals * 20.0, 50.0, servers, places).unwrap();
        let weights: Vec<f64> = (0..places).map(|j| libm::pow(load, f64::from(j))).collect();
        let sum: f64 = weights.iter().sum();
        let ahead: Vec<f64> = weights.iter().map(|w| w / sum * got.wait_probability).collect();
        for share in [0.5, 0.9, 0.99, 0.999] {
            let (wait, sojourn) =
                (got.wait_quantile_ms(share).unwrap(), got.sojourn_quantile_ms(share).unwrap());
            let longer = still_there(&ahead, f64::from(servers), 50.0, sojourn).1;
            near(longer, 1.0 - share, 1e-6);
            if 1.0 - got.wait_probability > share {
                assert_eq!(wait, 0.0);
            } else {
                near(still_there(&ahead, f64::from(servers), 50.0, wait).0, 1.0 - share, 1e-6);
            }
        }
    }
}

/// Kleinrock, volume 1, §3.2 and §5.7: M/M/1's sojourn is exponential with rate μ − λ.
#[test]
fn single_server_sojourn_is_exponential() {
    for load in [0.1, 0.5, 0.9, 0.9999] {
        let got = mm1(load * 100.0, 10.0).unwrap();
        for share in [0.5, 0.95, 0.999] {
            let want = -libm::log(1.0 - share) * 10.0 / (1.0 - load);
            near(got.sojourn_quantile_ms(share).unwrap() / want, 1.0, 1e-9);
        }
        near(got.wait_quantile_ms(0.9999999).unwrap(), libm::log(load / 1e-7) * 10.0 / (1.0 - load), 1e-2);
    }
}

/// Kingman, "The single server queue in heavy traffic" (1961): near load 1 the wait is nearly exponential.
#[test]
fn constant_service_waits_exponentially_in_heavy_traffic() {
    let got = md1(99.9, 10.0).unwrap();
    let want = got.mean_wait_ms * libm::log(100.0);
    near(got.wait_quantile_ms(0.99).unwrap() / want, 1.0, 0.005);
}

/// The mean is the integral of the tail: percentiles and Pollaczek–Khinchine's mean must agree, and with
/// service rates that meet the drain rate (c = 2, load one half) no division may blow up.
#[test]
fn percentiles_integrate_to_the_means() {
    let stations = [
        mmc(160.0, 50.0, 10).unwrap(),
        mmc(20.0, 50.0, 2).unwrap(),
        md1(16.0, 50.0).unwrap(),
        mmck(90.0, 50.0, 4, 12).unwrap(),
    ];
    for got in stations {
        let n = 20_000;
        let integral = |quantile: &dyn Fn(f64) -> f64| -> f64 {
            (0..n).map(|i| quantile((f64::from(i) + 0.5) / f64::from(n))).sum::<f64>() / f64::from(n)
        };
        let wait = integral(&|share| got.wait_quantile_ms(share).unwrap());
        let sojourn = integral(&|share| got.sojourn_quantile_ms(share).unwrap());
        near(wait / got.mean_wait_ms, 1.0, 2e-3);
        near(sojourn / got.mean_sojourn_ms, 1.0, 2e-3);
    }
}

/// Erlang's own series of 1909 for M/D/1's wait, which is exact but alternates, so it serves for short waits:
/// P(W ≤ t) = (1 − ρ) Σ (−y)ᵏ e^y / k!, with y = λ(t − kD), over k ≤ t/D.
#[test]
fn constant_service_agrees_with_erlangs_series() {
    for load in [0.2, 0.5, 0.8, 0.95] {
        let got = md1(load * 10.0, 100.0).unwrap();
        for share in [0.3, 0.6, 0.9, 0.95] {
            let t = got.wait_quantile_ms(share).unwrap() / 100.0;
            if t == 0.0 || t > 8.0 {
                continue;
            }
            let mut factorial = 1.0;
            let series: f64 = (0..=t as u32)
                .map(|k| {
                    factorial *= f64::from(k.max(1));
                    let y = load * (t - f64::from(k));
                    libm::pow(-y, f64::from(k)) * libm::exp(y) / factorial
                })
                .sum();
            near((1.0 - load) * series, share, 1e-9);
        }
    }
}

#[test]
fn limits_meet() {
    let (one, endless) = (mm1(90.0, 10.0).unwrap(), mmck(90.0, 10.0, 1, 5_000).unwrap());
    near(endless.mean_sojourn_ms / one.mean_sojourn_ms, 1.0, 1e-9);
    near(endless.sojourn_quantile_ms(0.99).unwrap() / one.sojourn_quantile_ms(0.99).unwrap(), 1.0, 1e-8);
    let (many, endless) = (mmc(950.0, 10.0, 10).unwrap(), mmck(950.0, 10.0, 10, 5_000).unwrap());
    near(endless.mean_queue_length / many.mean_queue_length, 1.0, 1e-9);
    near(endless.wait_quantile_ms(0.99).unwrap() / many.wait_quantile_ms(0.99).unwrap(), 1.0, 1e-8);
    near(endless.sojourn_quantile_ms(0.9).unwrap() / many.sojourn_quantile_ms(0.9).unwrap(), 1.0, 1e-8);
    near(mg1(90.0, 10.0, 1.0 + 1e-12).unwrap().mean_wait_ms / one.mean_wait_ms, 1.0, 1e-9);
    near(mmck(950.0, 10.0, 10, 0).unwrap().blocked_share, erlang_b(10, 9.5), 1e-15);
    let idle = mmck(0.0, 10.0, 3, 4).unwrap();
    assert_eq!((idle.mean_sojourn_ms, idle.blocked_share, idle.mean_in_system), (10.0, 0.0, 0.0));
}

/// Little (1961): L = λW, for the whole and for the queue, with the rate that is let in.
#[test]
fn littles_law_holds_everywhere() {
    for servers in [1, 2, 7, 100, 10_000] {
        for load in [0.01, 0.7, 0.99, 1.0, 1.3, 50.0] {
            let arrivals = load * f64::from(servers) / 0.02;
            let finite = [0, 1, 30, 1_000].map(|places| mmck(arrivals, 20.0, servers, places));
            for got in finite.into_iter().chain([mmc(arrivals, 20.0, servers)]) {
                let Ok(got) = got else {
                    assert!(load >= 1.0);
                    continue;
                };
                let rate_per_ms = got.throughput_per_s / 1000.0;
                near(rate_per_ms * got.mean_sojourn_ms / got.mean_in_system, 1.0, 1e-9);
                near(rate_per_ms * got.mean_wait_ms, got.mean_queue_length, 1e-9 * got.mean_in_system);
                near(got.throughput_per_s / arrivals + got.blocked_share, 1.0, 1e-9);
                assert!((0.0..=1.0 + 1e-12).contains(&got.utilisation), "{got:?}");
            }
        }
    }
}

/// Halfin and Whitt, "Heavy-traffic limits for queues with many exponential servers" (1981): with load
/// 1 − β/√c the share that waits tends to 1 / (1 + β Φ(β)/φ(β)); for β = 1 that is 0.2234.
#[test]
fn ten_thousand_servers_reach_the_heavy_traffic_limit() {
    let servers = 10_000;
    let got = erlang_c(servers, f64::from(servers) * (1.0 - 1.0 / 100.0)).unwrap();
    let limit = 1.0 / (1.0 + 0.841_344_746 / 0.241_970_725);
    near(got, limit, 0.003);
    let got = mmc(9_900.0, 1000.0, servers).unwrap();
    near(got.wait_quantile_ms(1.0 - got.wait_probability / std::f64::consts::E).unwrap(), 10.0, 1e-6);
    assert!(mmck(12_000.0, 1000.0, servers, 10_000).unwrap().sojourn_quantile_ms(0.999).unwrap() > 1000.0);
}

#[test]
fn what_cannot_be_predicted_says_why() {
    assert_eq!(mm1(100.0, 10.0), Err(NoPrediction::Unstable { utilisation: 1.0 }));
    assert_eq!(mmc(60.0, 100.0, 4), Err(NoPrediction::Unstable { utilisation: 1.5 }));
    for bad in [f64::NAN, -1.0, f64::INFINITY] {
        assert_eq!(mm1(bad, 10.0), Err(NoPrediction::OutOfRange));
        assert_eq!(mm1(10.0, bad), Err(NoPrediction::OutOfRange));
        assert_eq!(mg1(10.0, 10.0, bad), Err(NoPrediction::OutOfRange));
    }
    assert_eq!(mm1(1.0, 1e-320), Err(NoPrediction::OutOfRange));
    assert_eq!(mmc(1.0, 1.0, 0), Err(NoPrediction::OutOfRange));
    assert_eq!(mmck(1.0, 1.0, 1, u32::MAX), Err(NoPrediction::OutOfRange));
    let got = mg1(10.0, 50.0, 4.0).unwrap();
    assert_eq!(got.sojourn_quantile_ms(0.5), None);
    for bad in [f64::NAN, 0.0, 1.0, -0.5, 7.0] {
        assert_eq!(mm1(10.0, 50.0).unwrap().sojourn_quantile_ms(bad), None);
    }
}

#[test]
fn a_station_picks_its_model() {
    let station = Station {
        arrivals_per_s: 30.0,
        service_ms: 100.0,
        service_scv: 1.0,
        servers: 4,
        waiting_places: Some(16),
    };
    let model = |station: Station| station.predict().map(|p| p.model);
    assert_eq!(model(station).as_deref(), Ok("M/M/4/20"));
    assert_eq!(model(Station { waiting_places: None, ..station }).as_deref(), Ok("M/M/4"));
    let constant = Station { service_scv: 0.0, ..station };
    assert_eq!(model(constant), Err(NoPrediction::NoClosedForm));
    assert_eq!(model(Station { waiting_places: None, ..constant }), Err(NoPrediction::NoClosedForm));
    assert_eq!(model(Station { waiting_places: Some(0), ..constant }).as_deref(), Ok("M/G/4/4"));
    let single = Station { servers: 1, waiting_places: None, arrivals_per_s: 5.0, ..constant };
    assert_eq!(model(single).as_deref(), Ok("M/D/1"));
    assert_eq!(model(Station { service_scv: 3.0, ..single }).as_deref(), Ok("M/G/1"));
}
