//! Who promises to be heard how often.

use std::time::Duration;

/// The header `heart-beat` of one side, in milliseconds; 0 stands for never.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeartBeat {
    /// This side can be heard at least so often.
    pub sends: u32,
    /// This side would like to hear so often.
    pub wants: u32,
}

/// What two sides make of their headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Agreed {
    /// How often we let ourselves be heard.
    pub outgoing: Option<Duration>,
    /// How often the other side does.
    pub incoming: Option<Duration>,
}

impl HeartBeat {
    /// Reads the header's value, `4000,0`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let number = |part: &str| {
            let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| part.parse().unwrap_or(u32::MAX))
        };
        let (sends, wants) = text.split_once(',')?;
        Some(Self { sends: number(sends)?, wants: number(wants)? })
    }

    /// The header's value.
    #[must_use]
    pub fn text(self) -> String {
        format!("{},{}", self.sends, self.wants)
    }

    /// What is agreed with the other side: the slower of what one can and what the other wants.
    #[must_use]
    pub fn agree(self, other: Self) -> Agreed {
        let slower = |can: u32, wants: u32| {
            let both = can != 0 && wants != 0;
            both.then(|| Duration::from_millis(can.max(wants).into()))
        };
        Agreed {
            outgoing: slower(self.sends, other.wants),
            incoming: slower(other.sends, self.wants),
        }
    }
}
