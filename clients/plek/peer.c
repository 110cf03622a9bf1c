#include <stdio.h>
#include <string.h>

#include "peer.h"

static int open_card(PlekRegionCard **ret_card, const char *path)
{
        int r;

        r = plek_region_card_load(ret_card, path);
        switch (r) {
        case PLEK_OK:
                return EXIT_DONE;
        case -ENOENT:
                return fail(EXIT_FILE, "there is no region card %s. Ask the region's coordination "
                            "centre for it; --card or PLEK_CARD names another.", path);
        case PLEK_E_CARD:
                return fail(EXIT_FILE, "%s is not a region card, or was altered. Ask for it "
                            "again.", path);
        default:
                return fail(EXIT_FILE, "%s cannot be read: %s.", path, plek_result_text(r));
        }
}

static int open_key(PlekKey **ret_key, const char *path)
{
        int r;

        r = plek_key_load(ret_key, path);
        switch (r) {
        case PLEK_OK:
                return EXIT_DONE;
        case -ENOENT:
                return fail(EXIT_FILE, "there is no key %s. plek key new makes one; --key or "
                            "PLEK_KEY names another.", path);
        case PLEK_E_KEY_MODE:
                return fail(EXIT_FILE, "%s can be read by others. chmod 600 it, and if others have "
                            "been on this machine, make a new one.", path);
        case PLEK_E_KEY_TEXT:
                return fail(EXIT_FILE, "%s is not a secret made by plek key new.", path);
        default:
                return fail(EXIT_FILE, "%s cannot be read: %s.", path, plek_result_text(r));
        }
}

static int open_context(Peer *peer)
{
        int r;

        r = plek_context_new(&peer->context, NULL);
        return r ? fail(EXIT_FILE, "cannot start: %s.", plek_result_text(r)) : EXIT_DONE;
}

static int open_all(Peer *peer, const Common *common, bool with_key)
{
        int r;

        r = open_card(&peer->card, common->card);
        if (!r && with_key)
                r = open_key(&peer->key, common->key);
        if (!r && !peer->context)
                r = open_context(peer);

        peer->peer = (PlekPeer){
                .key = peer->key,
                .card = peer->card,
                .card_path = common->card,
                .program = "plek " PLEK_VERSION,
        };
        return r;
}

int peer_open(Peer *ret_peer, const Common *common)
{
        Peer peer = PEER_NULL;
        int r;

        r = open_all(&peer, common, true);
        if (r)
                peer_close(&peer);
        else
                *ret_peer = peer;
        return r;
}

void peer_close(Peer *peer)
{
        peer->key = plek_key_free(peer->key);
        peer->card = plek_region_card_free(peer->card);
        peer->context = plek_context_free(peer->context);
}

int peer_client(Peer *peer, PlekClient **ret_client, const Common *common, bool or_guest)
{
        CLEANUP(plek_client_freep) PlekClient *client = NULL;
        int r;

        if (common->control) {
                r = open_context(peer);
                if (r)
                        return r;
                r = plek_client_new_control(&client, peer->context, common->control);
        } else {
                r = open_all(peer, common, !or_guest || !access(common->key, F_OK));
                if (r)
                        return r;
                r = plek_client_new(&client, peer->context, &peer->peer);
        }
        if (r)
                return fail(EXIT_FILE, "cannot connect: %s.", plek_result_text(r));

        plek_client_set_timeout(client, common->timeout_ms);
        *ret_client = STEAL(client);
        return EXIT_DONE;
}

int fail_answer(int result, const PlekFault *fault)
{
        const char *code = plek_code_name(PLEK_CODES_REFUSAL, fault->code);

        switch (result) {
        case PLEK_E_TIMEOUT:
                return fail(EXIT_UNREACHABLE, "%s",
                            *fault->text ? fault->text : "the broker does not answer.");
        case PLEK_E_REFUSED:
        case PLEK_E_INVALID:
                if (*fault->field)
                        return fail(EXIT_REFUSED, "refused (%s), because of %s: %s",
                                    code ? code : "?", fault->field, fault->text);
                return fail(EXIT_REFUSED, "refused (%s): %s", code ? code : "?", fault->text);
        default:
                return fail(EXIT_FILE, "%s.", plek_result_text(result));
        }
}
