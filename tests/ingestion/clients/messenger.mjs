// messaging-api-messenger against the simulator: what it gets back, as one line of JSON.
import messenger from 'messaging-api-messenger';

const { MessengerClient } = messenger;

const [origin, accessToken, appSecret, person, other] = process.argv.slice(2);
const client = new MessengerClient({ accessToken, appId: '1001', appSecret, origin, version: '26.0' });

async function refusal(work) {
  try {
    await work;
  } catch (error) {
    return error.response?.data?.error ?? String(error);
  }
  return null;
}

const page = await client.getPageInfo();
const sent = await client.sendText(person, '¡Claro! Abrimos a las 9', { messagingType: 'RESPONSE' });
const buttons = await client.sendMessage(person, {
  text: '¿Confirma?',
  quickReplies: [{ contentType: 'text', title: 'Sí', payload: 'CITA_SI' }],
});
const image = await client.sendImage(person, 'https://example.test/a.png');
const file = await client.sendFile(person, Buffer.from('%PDF-1.4 recibo'), { filename: 'recibo.pdf' });
const typing = await client.typingOn(person);
const profile = await client.getUserProfile(person);
await client.passThreadControl(person, 263902037430900, 'turno');
const owner = await client.getThreadOwner(person);
const notOurs = await refusal(client.sendText(person, 'Sigo aquí'));
await client.takeThreadControl(person);
const tooLong = await refusal(client.sendText(person, 'x'.repeat(2001)));
const nobody = await refusal(client.sendText(other, 'Hola'));
const token = await client.debugToken();
console.log(JSON.stringify({ page, sent, buttons, image, file, typing, profile, owner, notOurs, tooLong, nobody, token }));
