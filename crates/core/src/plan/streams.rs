//! Seeds of the random streams of a user: the same from run to run, different between users and purposes.
//!
//! A user has a stream for each purpose, so that drawing one row more does not move its waits; and each of
//! its task executions has its own piece of them, so that a step that is left out after a failure does not
//! change what the tasks that follow send.

use fastrand::Rng;

/// What random numbers are drawn for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Rows of tables.
    Rows,
    /// The functions of templates.
    Choices,
    /// Waits.
    Waits,
    /// Tasks.
    Tasks,
}

/// The random numbers of one user.
#[derive(Clone, Debug)]
pub(crate) struct Numbers {
    seeds: [u64; 3],
    execution: u64,
    pub(crate) rows: Rng,
    pub(crate) choices: Rng,
    pub(crate) waits: Rng,
    pub(crate) tasks: Rng,
}

impl Numbers {
    /// Those of a user before its first task.
    pub(crate) fn new(owner: Owner<'_>) -> Self {
        let seeds = [Stream::Rows, Stream::Choices, Stream::Waits].map(|stream| owner.seed_of(stream));
        let [rows, choices, waits] = pieces(seeds, 0);
        let tasks = Rng::with_seed(owner.seed_of(Stream::Tasks));
        Self { seeds, execution: 0, rows, choices, waits, tasks }
    }

    /// Goes on to the piece of the next task execution.
    pub(crate) fn next_execution(&mut self) {
        self.execution += 1;
        [self.rows, self.choices, self.waits] = pieces(self.seeds, self.execution);
    }
}

fn pieces(seeds: [u64; 3], execution: u64) -> [Rng; 3] {
    seeds.map(|seed| Rng::with_seed(mix(seed ^ mix(execution))))
}

/// Whose random numbers they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner<'a> {
    /// `--seed`.
    pub(crate) seed: u64,
    /// The module's name.
    pub(crate) module: &'a str,
    /// The class's name.
    pub(crate) class: &'a str,
    /// The user's number in the run.
    pub(crate) user: u32,
}

impl Owner<'_> {
    /// The seed of one stream of this user.
    pub(crate) fn seed_of(&self, stream: Stream) -> u64 {
        // FNV-1a, because the standard library's hashes may change from one version to the next, and with
        // them every request of a run. 0xff occurs in no UTF-8 text, so it keeps the parts apart.
        let parts: [&[u8]; 5] = [
            &self.seed.to_le_bytes(),
            self.module.as_bytes(),
            self.class.as_bytes(),
            &self.user.to_le_bytes(),
            &[stream as u8],
        ];
        let bytes = parts.iter().flat_map(|part| part.iter().chain(&[0xff]));
        let hash = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
        });
        mix(hash)
    }
}

/// Spreads every bit of the input over the whole output, and is a bijection (the finaliser of `SplitMix64`).
pub(crate) const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_user_and_purpose_has_a_stream_of_its_own() {
        let mut seeds = BTreeSet::new();
        for (seed, module, class) in [(0, "a", "b"), (1, "a", "b"), (0, "ab", ""), (0, "", "ab")] {
            for user in 0..100 {
                for stream in [Stream::Rows, Stream::Choices, Stream::Waits, Stream::Tasks] {
                    seeds.insert(Owner { seed, module, class, user }.seed_of(stream));
                }
            }
        }
        assert_eq!(seeds.len(), 4 * 100 * 4);
    }

    #[test]
    fn seeds_do_not_change_from_one_version_to_the_next() {
        let owner = Owner { seed: 1, module: "revertrisk", class: "Multilingual", user: 3 };
        assert_eq!(owner.seed_of(Stream::Rows), 14_647_916_850_702_807_126);
    }
}
