// Lets each relying party do what is asked of it at the issuer that is told on standard input, with the apps and the
// person that are told there too; prints what went wrong as JSON.
import oauth4webapi from "./oauth4webapi.mjs";
import openidClient from "./openid_client.mjs";

let told = "";
for await (const chunk of process.stdin) {
  told += chunk;
}
const world = JSON.parse(told);

const outcomes = {};
for (const [client, scenarios] of Object.entries({ "openid-client": openidClient, oauth4webapi })) {
  for (const [name, scenario] of Object.entries(scenarios)) {
    outcomes[`${client}: ${name}`] = await scenario(world).then(
      () => null,
      (error) => [error.stack, error.cause && JSON.stringify(error.cause)].filter(Boolean).join("\n"),
    );
  }
}
process.stdout.write(JSON.stringify(outcomes));
