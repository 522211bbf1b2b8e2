//! The fuzz targets of trace-core, driven by seeded random input: valid texts, bent in a few places.

use std::fs;

use tests::programs::root;

use crate::checks;
use crate::random::Random;

/// What must hold of these bytes.
type Check = fn(&[u8]);

/// The fuzz targets, in the order of the alphabet.
const TARGETS: [(&str, Check); 7] = [
    ("b3", checks::b3),
    ("baggage", checks::baggage),
    ("environment", checks::environment),
    ("extract", checks::extract),
    ("jaeger", checks::jaeger),
    ("traceparent", checks::traceparent),
    ("tracestate", checks::tracestate),
];

const SEEDS: [&str; 14] = [
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-03-more",
    "congo=t61rcWkgMzE,rojo=00f067aa0ba902b7,ot=th:8;rv:6e6d1a75832a2f",
    "a@b=1 2 , c*/d_-=x",
    "tenant=42;ttl=1;p, city=K%C3%B6ln,user.kind=test%2C%20paid",
    "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1-05e3ac9a4f6e3b90",
    "64fe8b2a57d3eff7-e457b5a2e4d86bd1-d",
    "80f198ee56343ba864fe8b2a57d3eff7\ne457b5a2e4d86bd1\n1\n0",
    "4bf92f3577b34da6a3ce929d0e0e4736:f067aa0ba902b7:0:1",
    "1%3A2%3A0%3A3",
    "traceparent:00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\ntracestate:a=1\nbaggage:b=2\nb3:0",
    "uber-trace-id:1:2:0:1\nuberctx-key:value\nx-b3-traceid:64fe8b2a57d3eff7\nx-b3-spanid:64fe8b2a57d3eff7",
    "TRACEPARENT=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\0TRACESTATE=a=1\0PATH=/bin",
    "",
];

/// What breaks parsers.
const SPLINTERS: [&[u8]; 22] = [
    b"-", b",", b"=", b";", b":", b"%", b" ", b"\t", b"\n", b"\0", b"+", b"0", b"f", b"F", b"ff", b"00", b"\xff",
    b"%ff", b"\xc3", b"ot=", b"th:", b"a=1,",
];

fn bent(random: &mut Random) -> Vec<u8> {
    let mut data = random.pick(&SEEDS).as_bytes().to_vec();
    for _ in 0..random.below(5) {
        let place = random.below(data.len() + 1);
        let end = (place + random.below(9)).min(data.len());
        match random.below(6) {
            0 => drop(data.drain(place..end)),
            1 => drop(data.splice(place..place, random.pick(&SPLINTERS).iter().copied())),
            2 => drop(data.splice(place..end, random.pick(&SPLINTERS).iter().copied())),
            3 => drop(data.splice(place..place, random.pick(&SEEDS).bytes())),
            4 => {
                let piece = data[place..end].to_vec();
                data.splice(place..place, piece.repeat(random.below(60)));
            }
            _ => data[place..end].fill(random.next() as u8),
        }
    }
    data
}

#[test]
fn what_must_hold_of_any_bytes_holds_of_random_ones() {
    let mut random = Random(0x5eed);
    for round in 0..30_000 {
        let data = bent(&mut random);
        for (target, check) in TARGETS {
            let held = std::panic::catch_unwind(|| check(&data));
            assert!(held.is_ok(), "round {round}, {target}: {}", data.escape_ascii());
        }
    }
}

/// cargo-fuzz and its compiler are not everywhere; that its targets are there, and run what runs here, can be seen without.
#[test]
fn every_fuzz_target_runs_one_of_these() {
    let fuzz = root().join("trace-core/fuzz");
    let mut found: Vec<String> = fs::read_dir(fuzz.join("fuzz_targets"))
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    found.sort_unstable();
    assert_eq!(found, TARGETS.map(|(target, _)| target));
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
    for (target, _) in TARGETS {
        let expected = format!(
            "#![no_main]\n\n#[path = \"../checks.rs\"]\nmod checks;\n\n\
             libfuzzer_sys::fuzz_target!(|data: &[u8]| checks::{target}(data));\n"
        );
        assert_eq!(fs::read_to_string(fuzz.join(format!("fuzz_targets/{target}.rs"))).unwrap(), expected);
        let binary = format!("name = \"{target}\"\npath = \"fuzz_targets/{target}.rs\"\n");
        assert!(manifest.contains(&binary), "{target}");
    }
}
