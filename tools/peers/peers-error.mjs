/** A reason a person can act on; anything else is a mistake of these scripts and keeps its stack. */
export class PeersError extends Error {}
