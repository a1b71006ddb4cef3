/** What stands for a value that comes from somewhere else. */
const REFERENCE =
  /^(\$\{|\$\(|\$[A-Z_][A-Z0-9_]*$|%[({]|\(\(|<[^<>]+>$|\[[^\]]+\]$|(ref|secretref)\+|vault:|op:\/\/|env:|file:|secret:\/\/|awssm:|gcpsm:|azurekeyvault:|arn:aws:)/;
const TEMPLATE = /\{\{|<path:|\$__|\$\{[A-Za-z_]/;
/** What people write where a value is to be put in later. */
const STAND_IN =
  /^(change[-_ ]?(me|it|this).*|replace([-_ ]?(me|this|with)\b.*)?|place[-_ ]?holder.*|to[-_ ]?do\b.*|tbd|fixme|fill[-_ ]?(me|in).*|insert[-_ ].*|your[-_ ].*|my[-_ ]?(secret|password|token|key|value)|x{3,}|\*+|\.{3,}|\u2026|-+|redacted|masked|hidden|dummy|none|null|nil|undefined|unset|empty|n\/?a|example|secret|ignored|not[-_ ]?set|optional|default|string|\[redacted.*\])$/i;
const CIPHERTEXT =
  /^(ENC\[AES256_GCM,|-----BEGIN AGE ENCRYPTED FILE-----|-----BEGIN PGP MESSAGE-----|age-encryption\.org\/)/;
/** A sealed item: base64 of a length in two bytes (256 to 2048) and at least that much behind it. */
const SEALED = /^A[gQ][A-Za-z0-9+/]{300,}={0,2}$/;
const PUBLIC_PEM =
  /-----BEGIN (CERTIFICATE|PUBLIC KEY|RSA PUBLIC KEY|CERTIFICATE REQUEST|X509 CRL|DH PARAMETERS)-----[^-]*-----END \1-----/g;
const MAX_PEM = 1024 * 1024;

/** Whether a text is a value as such, rather than nothing, a stand-in, a reference, ciphertext, or public by nature. */
export function isLiteral(value: string): boolean {
  const text = value.trim();
  if (text === "" || REFERENCE.test(text) || TEMPLATE.test(text) || STAND_IN.test(text)) return false;
  if (CIPHERTEXT.test(text) || SEALED.test(text)) return false;
  return !isPublic(text);
}

/** Certificates and public keys, and nothing else. */
function isPublic(text: string): boolean {
  if (!text.startsWith("-----BEGIN ") || text.length > MAX_PEM) return false;
  return text.replace(PUBLIC_PEM, "").trim() === "";
}

/** Whether what base64 stands for is a value as such. What is no base64 is taken as it is. */
export function isLiteralBase64(value: string): boolean {
  const text = value.replace(/\s+/g, "");
  if (!isLiteral(value)) return false;
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return true;
  return isLiteral(Buffer.from(text, "base64").toString("utf8"));
}
