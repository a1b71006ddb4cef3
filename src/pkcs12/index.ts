export { type Pkcs12Contents, readPkcs12 } from "./read.ts";
