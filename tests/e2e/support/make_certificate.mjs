// node make_certificate.mjs FOLDER: an authority (ca.pem) there, and what it signs for this machine (site.pem, site.key).
import { Pki } from "./tls.mjs";

const kNames = ["DNS:localhost", ...["127.0.0.1", "127.0.0.2", "127.0.0.3", "::1"].map((address) => `IP:${address}`)];

new Pki(process.argv[2]).issue("site", kNames.join(","));
