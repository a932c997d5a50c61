//! Enums whose cases have names: the words of the contract.

/// An enum with a name for each case. The order of the cases is stored: new ones go to the end.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$case_about:meta])* $case:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$case_about])* #[serde(rename = $word)] $case,)+
        }

        impl $name {
            /// Every case.
            pub const ALL: &'static [Self] = &[$(Self::$case),+];

            /// The name used in scripts, plugins and the journal.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$case => $word,)+
                }
            }

            /// The case with this name.
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|case| case.name() == name)
            }
        }
    };
}

pub(super) use words;
