import type { asn1, pki } from "node-forge";

declare module "node-forge" {
  namespace pki {
    /** What a certificate's signature covers. Exported by the package, forgotten in its types. */
    function getTBSCertificate(certificate: pki.Certificate): asn1.Asn1;
  }
}
