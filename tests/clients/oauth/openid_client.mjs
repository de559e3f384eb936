// openid-client: what most relying parties that run on Node are made with.
import * as client from "openid-client";
import { Person } from "./person.mjs";
import { refuses, same } from "./checks.mjs";

function configured(world, app, authentication) {
  return client.discovery(new URL(world.issuer), app.id, app.secret, authentication, {
    execute: [client.allowInsecureRequests],
  });
}

async function asked(world, scope = "openid email learn") {
  const verifier = client.randomPKCECodeVerifier();
  const checks = { pkceCodeVerifier: verifier, expectedState: client.randomState(), expectedNonce: client.randomNonce() };
  const parameters = {
    redirect_uri: world.redirectUri, scope, state: checks.expectedState, nonce: checks.expectedNonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
  };
  return { checks, parameters };
}

async function signedIn(world, config, options) {
  const { checks, parameters } = await asked(world);
  const back = await new Person(world).agree(client.buildAuthorizationUrl(config, parameters));
  return client.authorizationCodeGrant(config, back, checks, {}, options);
}

export default {
  async "code with PKCE"(world) {
    const config = await configured(world, world.app);
    const tokens = await signedIn(world, config);
    same([tokens.token_type, tokens.scope], ["bearer", "openid email learn"]);
    const known = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
    same(known.email, world.email);
  },
  async "refresh, introspection and revocation"(world) {
    const config = await configured(world, world.app, client.ClientSecretBasic(world.app.secret));
    const first = await signedIn(world, config);
    const next = await client.refreshTokenGrant(config, first.refresh_token);
    same((await client.tokenIntrospection(config, next.access_token)).active, true);
    await client.tokenRevocation(config, next.refresh_token);
    same(await client.tokenIntrospection(config, next.access_token), { active: false });
  },
  async "requests sent ahead"(world) {
    const config = await configured(world, world.app);
    const { checks, parameters } = await asked(world);
    const url = await client.buildAuthorizationUrlWithPAR(config, parameters);
    same([...url.searchParams.keys()].sort(), ["client_id", "request_uri"]);
    const tokens = await client.authorizationCodeGrant(config, await new Person(world).agree(url), checks);
    same(tokens.scope, "openid email learn");
  },
  async "client credentials"(world) {
    const tokens = await client.clientCredentialsGrant(await configured(world, world.machine), { scope: "learn" });
    same([tokens.scope, tokens.refresh_token], ["learn", undefined]);
  },
  async "tokens for a key of its own"(world) {
    const config = await configured(world, world.app);
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
    const { checks, parameters } = await asked(world);
    const url = await client.buildAuthorizationUrlWithPAR(config, parameters, { DPoP });
    const first = await client.authorizationCodeGrant(config, await new Person(world).agree(url), checks, {}, { DPoP });
    const next = await client.refreshTokenGrant(config, first.refresh_token, {}, { DPoP });
    same([first.token_type, next.token_type], ["dpop", "dpop"]);
    const about = await client.fetchUserInfo(config, next.access_token, first.claims().sub, { DPoP });
    same(about.email, world.email);
    await refuses(client.fetchUserInfo(config, next.access_token, first.claims().sub), "invalid_dpop_proof");
  },
  async "an app that registers itself, signs its requests and proves by a key who it is"(world) {
    const pair = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
    const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
    const key = { key: pair.privateKey, kid: "first" };
    const metadata = {
      client_name: "Reader", redirect_uris: [world.redirectUri], grant_types: ["authorization_code", "refresh_token"],
      scope: "openid email learn", token_endpoint_auth_method: "private_key_jwt",
      jwks: { keys: [{ kty, crv, x, y, kid: "first" }] },
    };
    const config = await client.dynamicClientRegistration(new URL(world.issuer), metadata, client.PrivateKeyJwt(key), {
      initialAccessToken: world.registrationToken, execute: [client.allowInsecureRequests],
    });
    const { checks, parameters } = await asked(world);
    const url = await client.buildAuthorizationUrlWithJAR(config, parameters, key);
    const first = await client.authorizationCodeGrant(config, await new Person(world).agree(url), checks);
    const next = await client.refreshTokenGrant(config, first.refresh_token);
    same((await client.tokenIntrospection(config, next.access_token)).scope, "openid email learn");
  },
  async "a device that waits for a person elsewhere"(world) {
    const config = await client.discovery(new URL(world.issuer), world.device.id, undefined, client.None(), {
      execute: [client.allowInsecureRequests],
    });
    const told = await client.initiateDeviceAuthorization(config, { scope: "openid learn" });
    await new Person(world).approve(told.verification_uri_complete);
    const tokens = await client.pollDeviceAuthorizationGrant(config, { ...told, interval: 0.01 });
    same([tokens.scope, tokens.claims().iss], ["openid learn", world.issuer]);
  },
  async "a scope that is none"(world) {
    const config = await configured(world, world.app);
    const { checks, parameters } = await asked(world, "nonsense");
    const back = await new Person(world).agree(client.buildAuthorizationUrl(config, parameters));
    await refuses(client.authorizationCodeGrant(config, back, checks), "invalid_scope");
  },
};
