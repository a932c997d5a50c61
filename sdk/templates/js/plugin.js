// Refuses to close a ticket without a solution.

import { refuse } from './opora-sdk/opora.js';

export function transitionGuard(input) {
  if (input.category === 'done' && !input.record.isFilled('solution')) {
    return refuse('no_solution', 'say how it was solved', 'solution');
  }
}
