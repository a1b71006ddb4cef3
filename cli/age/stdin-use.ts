/** Standard input can be read for one purpose only. */
export interface StdinUse {
  /** False when it is taken already. */
  claim(): boolean;
}

export function stdinUse(): StdinUse {
  let taken = false;
  return {
    claim() {
      const free = !taken;
      taken = true;
      return free;
    },
  };
}
