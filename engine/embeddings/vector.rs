//! A direction of meaning.

use serde::{Deserialize, Serialize};

/// Greatest number of a part.
const MOST: f32 = 127.0;

/// A vector of length one, a byte for each of its numbers: a quarter of their size, and similarities
/// differ in the third place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Vector {
    /// What one step of a part is worth.
    step: f32,
    parts: Vec<i8>,
}

impl Vector {
    /// The direction of some numbers; none when they have none.
    pub fn of(numbers: &[f32]) -> Option<Self> {
        let numbers = unit(numbers)?;
        let greatest = numbers.iter().fold(0.0_f32, |most, n| most.max(n.abs()));
        let step = greatest / MOST;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "no number is over the greatest"
        )]
        let part = |number: &f32| (number / step).round() as i8;
        Some(Self {
            step,
            parts: numbers.iter().map(part).collect(),
        })
    }

    /// The cosine of the angle to a vector of length one; none for one of another model.
    pub fn similarity(&self, to: &[f32]) -> Option<f32> {
        if to.len() != self.parts.len() {
            return None;
        }
        let products = self.parts.iter().zip(to);
        let sum: f32 = products
            .map(|(part, number)| f32::from(*part) * number)
            .sum();
        Some((sum * self.step).clamp(-1.0, 1.0))
    }
}

/// The same direction with length one; none when there is no direction.
pub fn unit(numbers: &[f32]) -> Option<Vec<f32>> {
    let length = numbers.iter().map(|n| n * n).sum::<f32>().sqrt();
    let has_one = length.is_normal() && numbers.iter().all(|n| n.is_finite());
    has_one.then(|| numbers.iter().map(|n| n / length).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn similarities_are_those_of_the_numbers(
            a in proptest::collection::vec(-1.0_f32..1.0, 64),
            b in proptest::collection::vec(-1.0_f32..1.0, 64),
        ) {
            let (a, b) = (unit(&a).unwrap(), unit(&b).unwrap());
            let exact: f32 = a.iter().zip(&b).map(|(a, b)| a * b).sum();
            let near = Vector::of(&a).unwrap().similarity(&b).unwrap();
            prop_assert!((near - exact).abs() < 0.01, "{near} {exact}");
        }
    }

    #[test]
    fn what_points_nowhere_is_no_vector() {
        for numbers in [
            vec![],
            vec![0.0; 3],
            vec![f32::NAN, 1.0],
            vec![f32::INFINITY],
        ] {
            assert_eq!(Vector::of(&numbers), None, "{numbers:?}");
        }
    }

    #[test]
    fn vectors_of_different_models_are_not_compared() {
        let vector = Vector::of(&[1.0, 2.0]).unwrap();
        assert_eq!(vector.similarity(&[1.0, 0.0, 0.0]), None);
    }
}
