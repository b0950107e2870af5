import express, { type Router } from 'express';
import { z } from 'zod';
import type { Reindex } from '../model/reindex.ts';

const type = z.string().regex(/^[A-Z][A-Za-z]{1,60}$/);
const scopeBody = z.strictObject({ type: type.optional(), all: z.boolean().optional() });
const stepBody = z.strictObject({ type: type.optional() });

/** `/ops/reindex/begin` and `/ops/reindex`: the rebuild of the search index, as fast as its caller asks for steps. */
export function reindexRouter(reindex: Reindex): Router {
  const router = express.Router();
  router.post('/begin', async (request, response) => {
    const { type: of, all = false } = scopeBody.parse(request.body);
    response.json(await reindex.begin({ all, ...(of === undefined ? {} : { type: of }) }));
  });
  router.post('/', async (request, response) => {
    const { type: of } = stepBody.parse(request.body);
    response.json(await reindex.step(of === undefined ? {} : { type: of }));
  });
  return router;
}
