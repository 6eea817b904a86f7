/** Written on layers whose time is in another's kernel. */
export const FOLDED = 'fused';

/** Written on layers whose channels cannot go. */
export const FROZEN = 'frozen';
