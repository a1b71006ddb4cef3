/** A hash of the bundle, put in by tools/build.mjs. */
declare const __BUILD_ID__: string;
