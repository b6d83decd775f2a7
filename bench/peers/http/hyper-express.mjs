/** @module hyper-express that parses the body and sends it back. Argument: port. */
import { Server } from 'hyper-express'

const app = new Server()
app.post('/api/v1/rides', async (request, response) => {
  response.status(202).json(await request.json())
})
await app.listen(Number(process.argv[2]), '127.0.0.1')
