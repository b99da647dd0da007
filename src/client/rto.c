/* SPDX-License-Identifier: MIT */
/*
 * TCP's retransmission timer (RFC 6298, section 2), fed with the round trips
 * of whatever is measured. Nothing is sent again here, so the timer is never
 * backed off (5.5), and each sample is of one message and one answer, as
 * Karn's algorithm wants it (section 3).
 */
#include "client/rto.h"

struct rto rto_new(uint64_t granularity_ns)
{
	return (struct rto){.granularity_ns = (double)granularity_ns};
}

/* RTTVAR goes first: it takes the SRTT from before this sample (2.3). */
void rto_add(struct rto *rto, uint64_t rtt_ns)
{
	double r = (double)rtt_ns, deviation;

	if (!rto->has_sample) {
		rto->has_sample = true;
		rto->srtt_ns = r;
		rto->rttvar_ns = r / 2;
		return;
	}
	deviation = rto->srtt_ns > r ? rto->srtt_ns - r : r - rto->srtt_ns;
	rto->rttvar_ns = (1 - RTO_BETA) * rto->rttvar_ns + RTO_BETA * deviation;
	rto->srtt_ns = (1 - RTO_ALPHA) * rto->srtt_ns + RTO_ALPHA * r;
}

double rto_computed_ns(const struct rto *rto)
{
	double spread = RTO_K * rto->rttvar_ns;

	if (!rto->has_sample)
		return 0;
	if (spread < rto->granularity_ns)
		spread = rto->granularity_ns;
	return rto->srtt_ns + spread;
}

double rto_timer_ns(const struct rto *rto)
{
	double ns = rto_computed_ns(rto);

	if (!rto->has_sample)
		return (double)RTO_UNMEASURED_NS;
	return ns < (double)RTO_MINIMUM_NS ? (double)RTO_MINIMUM_NS : ns;
}
