/**
 * @module Ratings: one to five stars.
 */

/** `rating_out_of_range`, or null for a whole number 1..5. */
export function ratingProblem(rating: number): string | null {
  return Number.isInteger(rating) && rating >= 1 && rating <= 5 ? null : 'rating_out_of_range'
}
