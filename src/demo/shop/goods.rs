//! What the shop sells.

use serde::Serialize;

/// One thing on the shelf.
#[derive(Debug, Serialize)]
pub(super) struct Good {
    /// As it stands in forms and in the address of its picture.
    pub(super) slug: &'static str,
    pub(super) title: &'static str,
    pub(super) kind: &'static str,
    pub(super) text: &'static str,
    /// In cents.
    #[serde(skip)]
    pub(super) cents: i64,
}

/// Everything there is.
pub(super) const GOODS: [Good; 6] = [
    Good {
        slug: "atlas",
        title: "A Pocket Atlas of Corridors",
        kind: "Book",
        text: "Forty plans of ways between rooms, to scale, with the draughts marked in blue.",
        cents: 2_450,
    },
    Good {
        slug: "doors",
        title: "Doors, Drawn from Memory",
        kind: "Book",
        text: "Every front door that one draughtswoman ever lived behind, in ink.",
        cents: 3_200,
    },
    Good {
        slug: "mirrors",
        title: "Left Is Right: A Reader on Mirrors",
        kind: "Book",
        text: "Essays to be read from either side. With an index, and an index of the index.",
        cents: 1_890,
    },
    Good {
        slug: "postcards",
        title: "Twelve Postcards of Small Doors",
        kind: "Cards",
        text: "Cat flaps, letter boxes, a mouse hole. Thick paper, room for three sentences.",
        cents: 980,
    },
    Good {
        slug: "playing-cards",
        title: "A Pack of Playing Cards",
        kind: "Cards",
        text: "Red and black. The queen keeps her temper; everybody else keeps their head.",
        cents: 1_240,
    },
    Good {
        slug: "visiting-cards",
        title: "Visiting Cards, Left Blank",
        kind: "Cards",
        text: "Fifty of them, for days on which one would rather not say.",
        cents: 750,
    },
];

/// Finds one.
pub(super) fn good(slug: &str) -> Option<&'static Good> {
    GOODS.iter().find(|good| good.slug == slug)
}
