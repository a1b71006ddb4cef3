import type { TemplateCase } from "../../../helpers/template/cases.ts";

const PEM = (label: string) =>
  new RegExp(`^-----BEGIN ${label}-----\\n([A-Za-z0-9+/=]+\\n)+-----END ${label}-----\\n$`);
const EC_KEY = '(genPrivateKey "ecdsa")';

/** Passwords, keys, certificates, ciphers, random text. */
export const cases: readonly TemplateCase[] = [
  { template: "{{ bcrypt .pass }}", like: /^\$2a\$10\$[./A-Za-z0-9]{53}$/ },
  { template: '{{ htpasswd "joe" .pass }}', like: /^joe:\$2a\$10\$[./A-Za-z0-9]{53}$/ },
  '{{ htpasswd "a:b" "c" }}',
  '{{ bcrypt (repeat 73 "x") }}',
  ...["long", "maximum", "medium", "basic", "short", "pin", "none"].map(
    (type) => `{{ derivePassword 2 "${type}" .pass .user "example.org" }}`,
  ),
  '{{ derivePassword -1 "long" "a" "b" "c" }}',
  { template: '{{ genPrivateKey "ecdsa" }}', like: PEM("EC PRIVATE KEY") },
  { template: '{{ genPrivateKey "ed25519" }}', like: PEM("PRIVATE KEY") },
  '{{ genPrivateKey "none" }}',
  `{{ $ca := genCAWithKey "ca" 1 ${EC_KEY} }}{{ typeOf $ca }} {{ kindOf $ca }}`,
  { template: `{{ (genCAWithKey "ca" 1 ${EC_KEY}).Cert }}`, like: PEM("CERTIFICATE") },
  { template: `{{ (genCAWithKey "ca" 1 ${EC_KEY}).Key }}`, like: PEM("EC PRIVATE KEY") },
  { template: `{{ (genSelfSignedCertWithKey "x" nil nil 1 ${EC_KEY}).Cert }}`, like: PEM("CERTIFICATE") },
  {
    template: `{{ (genSelfSignedCertWithKey "x" (list "10.0.0.1" "::1") (list "a" "b") 1 ${EC_KEY}).Cert }}`,
    like: PEM("CERTIFICATE"),
  },
  {
    template: `{{ $ca := genCAWithKey "ca" 1 ${EC_KEY} }}{{ (genSignedCertWithKey "x" nil (list "a") 1 $ca ${EC_KEY}).Cert }}`,
    like: PEM("CERTIFICATE"),
  },
  {
    template: `{{ $ca := genCAWithKey "ca" 1 ${EC_KEY} }}{{ (buildCustomCert (b64enc $ca.Cert) (b64enc $ca.Key)).Key }}`,
    like: PEM("EC PRIVATE KEY"),
  },
  '{{ genCAWithKey "ca" 1 "none" }}',
  '{{ genSelfSignedCertWithKey "x" (list 1) nil 1 "none" }}',
  `{{ genSelfSignedCertWithKey "x" (list 1) nil 1 ${EC_KEY} }}`,
  `{{ genSelfSignedCertWithKey "x" (list "1.2.3") nil 1 ${EC_KEY} }}`,
  `{{ genSelfSignedCertWithKey "x" nil (list true) 1 ${EC_KEY} }}`,
  `{{ genSelfSignedCertWithKey "x" nil (list "é") 1 ${EC_KEY} }}`,
  `{{ genSelfSignedCertWithKey "x" "a" nil 1 ${EC_KEY} }}`,
  '{{ buildCustomCert "!" "" }}',
  '{{ buildCustomCert "YQ==" "YQ==" }}',
  "{{ (encryptAES .user .pass | decryptAES .user) }}",
  '{{ decryptAES "k" "MDEyMzQ1Njc4OWFiY2RlZjrDsXj+r2ivUxBbX8PL1dI=" }}',
  '{{ encryptAES "k" "" }}|{{ decryptAES "k" "" }}',
  '{{ decryptAES "k" "!" }}',
  '{{ decryptAES "k" "YWJj" }}',
  '{{ decryptAES "k" "MDEyMzQ1Njc4OWFiY2RlZmFi" }}',
  '{{ decryptAES "k" "MDEyMzQ1Njc4OWFiY2RlZg==" }}',
  { template: "{{ randAlphaNum 20 }}", like: /^[0-9A-Za-z]{20}$/ },
  { template: "{{ randAlpha 20 }}", like: /^[A-Za-z]{20}$/ },
  { template: "{{ randNumeric 20 }}", like: /^[0-9]{20}$/ },
  { template: "{{ randAscii 20 }}", like: /^[ -~]{20}$/ },
  "{{ randAlpha 0 }}|{{ randAlpha -5 }}",
  { template: "{{ randBytes 10 }}", like: /^[A-Za-z0-9+/]{14}==$/ },
  { template: "{{ randInt 5 8 }}", like: /^[567]$/ },
  "{{ randInt 5 6 }}",
  "{{ randInt 5 5 }}",
  { template: '{{ shuffle "aab" }}', like: /^(aab|aba|baa)$/ },
  '{{ shuffle "" }}',
  { template: "{{ uuidv4 }}", like: /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/ },
];
