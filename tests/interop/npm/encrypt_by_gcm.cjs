// saml-idp writes AES-CBC into its options, which its own library xml-encryption calls insecure and refuses.
// Loaded before it, this lets the library use its default.
const { createRequire } = require("node:module");

const xmlenc = createRequire(`${process.cwd()}/`)("xml-encryption");
const { encrypt } = xmlenc;
xmlenc.encrypt = (content, options, callback) =>
  encrypt(content, { ...options, encryptionAlgorithm: "http://www.w3.org/2009/xmlenc11#aes256-gcm" }, callback);
