export { obstacleToOpening } from "./protection.ts";
export { type Pkcs12Contents, readPkcs12 } from "./read.ts";
