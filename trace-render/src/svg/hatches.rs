//! Hatches: fills for time in which a span was not polled.

use crate::scene::Scene;

/// The patterns of a picture. Their names hold a number made of its content, for several pictures may stand in one page, where
/// a name is found in the first one only.
#[derive(Debug)]
pub(super) struct Hatches {
    number: u32,
    are_used: bool,
}

impl Hatches {
    pub(super) fn of(scene: &Scene<'_>, rows: usize) -> Self {
        // FNV-1a over what tells pictures apart.
        let mut number = 0x811c_9dc5_u32;
        for node in scene.nodes.iter().take(rows) {
            for byte in node.span.span_id().to_u64().to_le_bytes() {
                number = (number ^ u32::from(byte)).wrapping_mul(0x0100_0193);
            }
        }
        Self { number, are_used: scene.nodes.iter().take(rows).any(|node| node.span.polls().is_some()) }
    }

    /// The name of the fill for time in which it waited for what has no span.
    pub(super) fn waiting(&self) -> String {
        format!("w{:08x}", self.number)
    }

    /// The name of the fill for time in which it was ready and not polled.
    pub(super) fn queued(&self) -> String {
        format!("q{:08x}", self.number)
    }

    /// The patterns, if anything may use them.
    pub(super) fn patterns(&self) -> String {
        if !self.are_used {
            return String::new();
        }
        format!(
            "<defs><pattern id=\"{}\" width=\"5\" height=\"5\" patternUnits=\"userSpaceOnUse\"><path class=\"k\" \
             d=\"M0 5L5 0M-1 1L1 -1M4 6L6 4\"/></pattern><pattern id=\"{}\" width=\"4\" height=\"4\" \
             patternUnits=\"userSpaceOnUse\"><path class=\"k\" d=\"M1.4 2h1.2\"/></pattern></defs>\n",
            self.waiting(),
            self.queued(),
        )
    }
}
