// oauth4webapi: each step by itself, each answer checked by the letter of its standard.
import * as oauth from "oauth4webapi";
import { Person } from "./person.mjs";
import { refuses, same } from "./checks.mjs";

const insecure = { [oauth.allowInsecureRequests]: true };

async function discovered(world) {
  const issuer = new URL(world.issuer);
  const found = {};
  for (const algorithm of ["oidc", "oauth2"]) {
    const response = await oauth.discoveryRequest(issuer, { ...insecure, algorithm });
    found[algorithm] = await oauth.processDiscoveryResponse(issuer, response);
  }
  same(found.oidc, found.oauth2);
  return found.oidc;
}

async function signedIn(world, server, client, authentication, options = insecure) {
  const verifier = oauth.generateRandomCodeVerifier();
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const url = new URL(server.authorization_endpoint);
  url.search = new URLSearchParams({
    client_id: client.client_id, redirect_uri: world.redirectUri, response_type: "code", scope: "openid learn", state,
    nonce, code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
  });
  const back = oauth.validateAuthResponse(server, client, await new Person(world).agree(url), state);
  const response = await oauth.authorizationCodeGrantRequest(
    server, client, authentication, back, world.redirectUri, verifier, options,
  );
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, { expectedNonce: nonce });
  await oauth.validateApplicationLevelSignature(server, response, insecure);
  return tokens;
}

export default {
  async "code with PKCE, and tokens whose signatures are checked"(world) {
    const server = await discovered(world);
    const [client, authentication] = [{ client_id: world.app.id }, oauth.ClientSecretPost(world.app.secret)];
    const tokens = await signedIn(world, server, client, authentication);
    const request = new Request("http://anywhere/", { headers: { authorization: `Bearer ${tokens.access_token}` } });
    const claims = await oauth.validateJwtAccessToken(server, request, "studium", insecure);
    same([claims.client_id, claims.scope], [world.app.id, "openid learn"]);
    const { sub } = oauth.getValidatedIdTokenClaims(tokens);
    const about = await oauth.userInfoRequest(server, client, tokens.access_token, insecure);
    same((await oauth.processUserInfoResponse(server, client, sub, about)).sub, claims.sub);
  },
  async "refresh of an app without a secret, whose earlier token then ends all"(world) {
    const server = await discovered(world);
    const [client, nobody] = [{ client_id: world.publicApp.id }, oauth.None()];
    const refreshed = async (token) =>
      oauth.processRefreshTokenResponse(
        server, client, await oauth.refreshTokenGrantRequest(server, client, nobody, token, insecure),
      );
    const first = await signedIn(world, server, client, nobody);
    const second = await refreshed(first.refresh_token);
    const third = await refreshed(second.refresh_token);
    await refuses(refreshed(first.refresh_token), "invalid_grant");
    await refuses(refreshed(third.refresh_token), "invalid_grant");
  },
  async "client credentials, introspection and revocation"(world) {
    const server = await discovered(world);
    const [client, secret] = [{ client_id: world.machine.id }, oauth.ClientSecretBasic(world.machine.secret)];
    const answer = await oauth.clientCredentialsGrantRequest(server, client, secret, { scope: "learn" }, insecure);
    const { access_token: token } = await oauth.processClientCredentialsResponse(server, client, answer);
    const introspected = async () =>
      oauth.processIntrospectionResponse(
        server, client, await oauth.introspectionRequest(server, client, secret, token, insecure),
      );
    same((await introspected()).client_id, world.machine.id);
    await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, secret, token, insecure));
    same(await introspected(), { active: false });
  },
  async "a device that waits for a person elsewhere"(world) {
    const server = await discovered(world);
    const [client, nobody] = [{ client_id: world.device.id }, oauth.None()];
    const begun = await oauth.deviceAuthorizationRequest(server, client, nobody, { scope: "learn" }, insecure);
    const told = await oauth.processDeviceAuthorizationResponse(server, client, begun);
    const redeemed = async () =>
      oauth.processDeviceCodeResponse(
        server, client, await oauth.deviceCodeGrantRequest(server, client, nobody, told.device_code, insecure),
      );
    await refuses(redeemed(), "authorization_pending");
    await new Person(world).approve(told.verification_uri_complete);
    same((await redeemed()).scope, "learn");
  },
  async "a wrong secret"(world) {
    const server = await discovered(world);
    const [client, secret] = [{ client_id: world.machine.id }, oauth.ClientSecretBasic("wrong")];
    const answer = await oauth.clientCredentialsGrantRequest(server, client, secret, { scope: "learn" }, insecure);
    await refuses(oauth.processClientCredentialsResponse(server, client, answer), "invalid_client");
  },
};
