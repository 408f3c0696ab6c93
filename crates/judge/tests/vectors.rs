//! Every method that ships meets its reference values; those that do not ship are listed.
#![expect(clippy::unwrap_used, reason = "a test may fail by panic")]

use fairtrial_judge::stats::*;
use serde_json::Value;

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn int(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

fn ints(value: &Value) -> Vec<u32> {
    value.as_array().unwrap().iter().map(int).collect()
}

fn counts(passed: &Value, trials: u32) -> Vec<TaskCount> {
    ints(passed).into_iter().map(|passed| TaskCount { passed, trials }).collect()
}

fn pairs(a: Vec<TaskCount>, b: Vec<TaskCount>) -> Vec<PairedCounts> {
    a.into_iter().zip(b).map(|(a, b)| PairedCounts { a, b }).collect()
}

fn bounds(e: Estimate) -> Vec<f64> {
    vec![e.low, e.high]
}

/// Task differences, times three, that several vectors share.
const D: [i32; 12] = [1, 0, 2, 0, 1, 0, 0, 1, 1, 0, 2, 0];

fn alpha(inputs: &Value, scale: Scale) -> f64 {
    let raters = inputs["reliability_data"].as_array().unwrap();
    let unit = |at: usize| raters.iter().filter_map(move |labels| labels[at].as_u64());
    let units: Vec<Vec<u32>> =
        (0..12).map(|at| unit(at).map(|label| u32::try_from(label).unwrap()).collect()).collect();
    krippendorff(&units, scale).unwrap()
}

fn votes(inputs: &Value) -> Vec<Vote> {
    let table = |key: &str| -> Vec<Vec<u32>> {
        inputs[key].as_array().map_or(vec![vec![0; 3]; 3], |rows| rows.iter().map(ints).collect())
    };
    let (wins, ties) = (table("wins"), table("ties_symmetric"));
    let mut votes = vec![];
    for left in 0..3 {
        for right in 0..3 {
            let vote = |preferred| Vote { left, right, preferred, task: 0 };
            votes.extend((0..wins[left][right]).map(|_| vote(Preferred::Left)));
            votes.extend((0..if left < right { ties[left][right] } else { 0 }).map(|_| vote(Preferred::Tie)));
        }
    }
    votes
}

/// Where the reference itself is no closer than this, as its note says.
fn tolerance(vector: &Value) -> f64 {
    let note = vector["note"].as_str().unwrap();
    match note {
        "tol 1e-5" => 1e-5,
        note if note.contains("tol 0.01 at 20k draws") => 0.01,
        _ => vector["tol"].as_f64().unwrap(),
    }
}

/// What a vector asks for, as (ours, expected); `None` for a method that does not ship.
fn ours(method: &str, i: &Value, e: &Value) -> Option<(Vec<f64>, Vec<f64>)> {
    let name = method.split([':', ' ', '=']).next().unwrap();
    Some(match name {
        "normal_ppf" => (numbers(&i["p"]).iter().map(|p| normal_quantile(*p).unwrap()).collect(), numbers(e)),
        "student_t_ppf" => {
            let p = i["p"].as_f64().unwrap();
            (numbers(&i["df"]).iter().map(|df| t_quantile(p, *df).unwrap()).collect(), numbers(e))
        }
        "beta_ppf" => {
            let (a, b) = (i["a"].as_f64().unwrap(), i["b"].as_f64().unwrap());
            (numbers(&i["q"]).iter().map(|q| beta_quantile(*q, a, b).unwrap()).collect(), numbers(e))
        }
        "wilson_95" => (bounds(wilson(int(&i["x"]), int(&i["n"])).unwrap()), numbers(e)),
        "pass_at_k" => {
            (vec![pass_at_k(int(&i["n"]), int(&i["c"]), int(&i["k"])).unwrap()], vec![e.as_f64().unwrap()])
        }
        "pass_hat_k" => {
            (vec![pass_hat_k(int(&i["n"]), int(&i["c"]), int(&i["k"])).unwrap()], vec![e.as_f64().unwrap()])
        }
        "sign_flip_exact_two_sided_p" => {
            (vec![sign_flip_p(&numbers(&i["d"]), 0).unwrap()], vec![e.as_f64().unwrap()])
        }
        "holm_adjusted" => (holm(&numbers(&i["p"])).unwrap(), numbers(e)),
        "tasks_needed" => {
            let n = tasks_needed(i["sd_of_task_differences"].as_f64().unwrap(), i["delta"].as_f64().unwrap());
            (vec![f64::from(n.unwrap())], vec![e["n"].as_f64().unwrap()])
        }
        "ratio_estimator" => {
            let got =
                cost_per_success(&numbers(&i["cost_per_task_mean"]), &numbers(&i["success_per_task_mean"]))
                    .unwrap();
            let mut expected = vec![e["ratio"].as_f64().unwrap(), e["se_linearised"].as_f64().unwrap()];
            expected.extend(numbers(&e["t_ci"]));
            (vec![got.ratio.value, got.se, got.ratio.low, got.ratio.high], expected)
        }
        "paired" => {
            let got = time_ratio(&numbers(&i["A"]), &numbers(&i["B"])).unwrap();
            let mut expected = vec![e["ratio"].as_f64().unwrap(), e["p"].as_f64().unwrap()];
            expected.extend(numbers(&e["ci"]));
            (vec![got.ratio.value, got.p, got.ratio.low, got.ratio.high], expected)
        }
        "difference" => {
            let side = |pass: &str, valid: &str| {
                let trials = ints(&i[valid]).into_iter();
                ints(&i[pass])
                    .into_iter()
                    .zip(trials)
                    .map(|(passed, trials)| TaskCount { passed, trials })
                    .collect()
            };
            let got = missing_bounds(
                &pairs(side("A_pass", "A_valid"), side("B_pass", "B_valid")),
                int(&i["planned"]),
            )
            .unwrap();
            let named = ["excluded", "missing_as_fail", "worst_for_A", "best_for_A"];
            (
                vec![got.excluded, got.missing_as_fail, got.worst_for_a, got.best_for_a],
                named.iter().map(|key| e[key].as_f64().unwrap()).collect(),
            )
        }
        "e_process_uniform_mixture(-1,1)," => (e_process(&numbers(&i["d"])).unwrap(), numbers(e)),
        "e_value_signs" => {
            let (wins, losses) = (int(&i["wins"]), int(&i["losses"]));
            let signs = (0..wins).map(|_| 1.0).chain((0..losses).map(|_| -1.0));
            let last = e_process(&signs.collect::<Vec<f64>>()).unwrap().pop();
            (vec![last.unwrap()], vec![e.as_f64().unwrap()])
        }
        "betting_confidence_sequence_95_at_n" => {
            let tiled: Vec<f64> = D.iter().cycle().take(48).map(|d| f64::from(*d) / 3.0).collect();
            (bounds(confidence_sequence(&tiled).unwrap()), numbers(e))
        }
        "sequential" => {
            let d: Vec<f64> = numbers(&i["d_times_3"]).iter().map(|d| d / 3.0).collect();
            let first = usize::try_from(int(&i["min_look"])).unwrap();
            let got = sequential_sign_flip(&d, &numbers(&i["cumulative_alpha"]), first, 0).unwrap();
            let looks = e["looks"].as_array().unwrap();
            let told = |look: &Look| [3.0 * look.sum, 3.0 * look.boundary.unwrap_or(0.0), look.used];
            let wanted = |look: &Value| {
                ["S_obs", "boundary", "used_alpha"].map(|key| look[key].as_f64().unwrap_or(0.0))
            };
            let mut ours: Vec<f64> = got.looks.iter().flat_map(told).collect();
            let mut expected: Vec<f64> = looks.iter().flat_map(wanted).collect();
            ours.push(got.decided.unwrap() as f64);
            expected.push(e["reject_at_look"].as_f64().unwrap());
            (ours, expected)
        }
        "krippendorff_alpha_nominal" => (vec![alpha(i, Scale::Nominal)], vec![e.as_f64().unwrap()]),
        "krippendorff_alpha_ordinal" => (vec![alpha(i, Scale::Ordinal)], vec![e.as_f64().unwrap()]),
        "bradley_terry_mle" | "bradley_terry_davidson_ties_mle" => {
            let got = davidson(&votes(i), 3, false).unwrap();
            let mut expected = numbers(&e["beta"]);
            expected.push(e["neg_loglik"].as_f64().unwrap());
            expected.extend(e["nu"].as_f64());
            let mut ours = got.beta.clone();
            ours.push(-got.log_likelihood);
            ours.extend((got.tie > 0.0).then_some(got.tie));
            (ours, expected)
        }
        "smaa_rank1_acceptability" => {
            let scores = i["scores"].as_array().unwrap().iter();
            let scores: Vec<_> =
                scores.map(|one| numbers(one).into_iter().map(|mean| (mean, 0.0)).collect()).collect();
            (smaa(&scores, 1).unwrap().iter().map(|one| one.first).collect(), numbers(e))
        }
        "weight" => {
            let scores: Vec<_> = i["scores"].as_array().unwrap().iter().map(numbers).collect();
            let weights = numbers(&i["weights"]);
            let margin = weighted(&scores[0], &weights).unwrap() - weighted(&scores[1], &weights).unwrap();
            let flips = flip_weights(&scores[0], &scores[1], &weights).unwrap();
            let mut expected = vec![e["margin"].as_f64().unwrap()];
            expected.extend(numbers(&e["flip_at"]));
            (std::iter::once(margin).chain(flips.into_iter().map(Option::unwrap)).collect(), expected)
        }
        "padded_paired_t_95" => {
            let trials = int(&i["trials"]);
            let got = padded_t(&pairs(counts(&i["A"], trials), counts(&i["B"], trials))).unwrap();
            let mut expected = vec![e["diff"].as_f64().unwrap()];
            expected.extend(numbers(&e["ci"]));
            (vec![got.value, got.low, got.high], expected)
        }
        "wilson_shrunk_icc_t95" => {
            let got = wilson_shrunk_icc(&counts(&i["successes"], int(&i["trials"]))).unwrap();
            let mut expected: Vec<f64> =
                ["p", "icc", "icc_shrunk", "n_eff"].iter().map(|key| e[key].as_f64().unwrap()).collect();
            expected.extend(numbers(&e["ci"]));
            (vec![got.rate.value, got.icc, got.icc_shrunk, got.n_eff, got.rate.low, got.rate.high], expected)
        }
        _ => return None,
    })
}

/// Vectors of methods that no screen, report or issue uses yet.
const NOT_SHIPPED: [&str; 24] = [
    "clopper",
    "jeffreys",
    "beta-binomial-posterior",
    "cluster-mean",
    "cluster-CR0",
    "wilson-deff",
    "paired-t",
    "signflip-ci",
    "mcnemar-exact",
    "mcnemar-midp",
    "mcnemar-chi2cc",
    "tango",
    "agresti-min",
    "obf",
    "bh",
    "power-t",
    "bca-accel",
    "cohen-kappa",
    "fleiss",
    "gwet-ac1",
    "rogan-gladen",
    "rfc6962-roots",
    "hash-chain",
    "newcombe10",
];

#[test]
fn every_method_that_ships_meets_its_vectors() {
    let file: Value = serde_json::from_str(include_str!("stat-vectors.json")).unwrap();
    let (mut met, mut missing) = (0, Vec::new());
    for vector in file["vectors"].as_array().unwrap() {
        let id = vector["id"].as_str().unwrap();
        let method = vector["method"].as_str().unwrap();
        let tolerance = tolerance(vector);
        let Some((got, expected)) = ours(method, &vector["inputs"], &vector["expected"]) else {
            missing.push(id.to_owned());
            continue;
        };
        assert_eq!(got.len(), expected.len(), "{id}");
        for (got, expected) in got.iter().zip(&expected) {
            assert!((got - expected).abs() <= tolerance, "{id} ({method}): {got} is not {expected}");
        }
        met += 1;
    }
    println!("{met} vectors met; methods not shipped: {}", missing.join(", "));
    assert_eq!(missing, NOT_SHIPPED);
    assert_eq!(met, 38);
}
