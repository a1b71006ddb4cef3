/** A hash of the bundles, put in by tools/build.mjs. */
declare const __BUILD_ID__: string;

/** Commands that have a bundle of their own, put in by tools/build.mjs. */
declare const __OWN_BUNDLES__: readonly string[];
