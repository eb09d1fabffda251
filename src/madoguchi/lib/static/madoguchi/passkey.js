// Makes a passkey, or uses one. Without this script, or without passkeys in the browser, its forms stay hidden.
"use strict";

const able = window.PublicKeyCredential
  && PublicKeyCredential.parseCreationOptionsFromJSON
  && PublicKeyCredential.parseRequestOptionsFromJSON;

async function credential(form) {
  const answer = await fetch(form.dataset.options, {
    method: "POST",
    headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
  });
  if (!answer.ok || answer.redirected) throw new Error("no options");
  const { publicKey } = await answer.json();
  return form.dataset.passkey === "make"
    ? navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(publicKey) })
    : navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(publicKey) });
}

for (const form of able ? document.querySelectorAll("form[data-passkey]") : []) {
  const said = form.querySelector("[role=alert]");
  form.hidden = false;
  for (const without of document.querySelectorAll("[data-without-passkeys]")) without.hidden = true;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    said.textContent = "";
    try {
      form.elements.credential.value = JSON.stringify((await credential(form)).toJSON());
      form.submit();
    } catch {
      said.textContent = said.dataset.failed;
    }
  });
}
