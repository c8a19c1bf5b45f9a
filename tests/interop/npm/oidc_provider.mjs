// An OP by panva's oidc-provider. Its whole configuration but the functions comes as JSON on the command line:
// {"issuer": ..., "port": ..., "accounts": {"<sub>": {claims}}, "configuration": {...}}
import { Provider } from "oidc-provider";

const { issuer, port, accounts, configuration } = JSON.parse(process.argv[2]);

const provider = new Provider(issuer, {
  ...configuration,
  pkce: { required: () => true },
  findAccount: (context, sub) =>
    accounts[sub] && { accountId: sub, claims: () => ({ sub, ...accounts[sub] }) },
});
provider.listen(port, "127.0.0.1");
