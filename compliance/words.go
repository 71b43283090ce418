package compliance

// Sentences are the words of rules, with the names of a step's values in braces.
type Sentences map[Rule]Words

// RuleWords is the words of every rule of this package. Callers must not change it.
func RuleWords() Sentences { return sentences }

var sentences = Sentences{
	ruleOff: {
		"自 {since} 起用热人关闭采暖设施，期间不计供热义务。",
		"The resident's heating has been off since {since}; nothing is owed while it is off.",
	},
	ruleHeatingUp: {
		"采暖设施于 {on} 开启，供热人有 {heat_up} 达到温度，自 {owed_from} 起应达标。",
		"Heating was switched on at {on}; the supplier has {heat_up} to reach the threshold, owed from {owed_from}.",
	},
	ruleOnBeforeSeason: {
		"采暖设施于 {switched} 已开启，按采暖季开始（{on}）起算，供热人有 {heat_up} 达到温度，自 {owed_from} 起应达标。",
		"Heating was on from {switched}, before the season; it counts as switched on at its start, {on}. The supplier has {heat_up} to reach the threshold, owed from {owed_from}.",
	},
	ruleOnByDefault: {
		"没有开启或关闭采暖设施的记录，视为采暖季开始（{on}）时开启；供热人有 {heat_up} 达到温度，自 {owed_from} 起应达标。",
		"Nothing was said of heating before, so it counts as on from the season's start, {on}. The supplier has {heat_up} to reach the threshold, owed from {owed_from}.",
	},
	ruleNeverRead: {
		"房间 {room} 此前没有任何读数；一个读数最多代表 {gap}。没有读数既不算达标，也不算不达标。",
		"Room {room} has no reading yet; a reading speaks for at most {gap}. No reading is neither compliant nor below.",
	},
	ruleSilent: {
		"房间 {room} 最后一个读数在 {last}，最多代表到 {held_until}；此后没有读数，缺口不作推断。",
		"The last reading of room {room} is of {last} and holds until {held_until}; nothing was read after it, and a gap is never bridged.",
	},
	ruleStandard: {
		"自 {from} 起应达到 {threshold}（标准 {standard}，没有更低的设定值）。",
		"From {from} on {threshold} is owed (the standard is {standard}, and no lower setpoint holds).",
	},
	ruleSetpoint: {
		"自 {from} 起应达到 {threshold}：用热人于 {set} 设定 {setpoint}，标准为 {standard}，取其低者；调高的设定值在升温时间后才作要求。",
		"From {from} on {threshold} is owed: the lower of the setpoint {setpoint}, given at {set}, and the standard {standard}; a raised setpoint is owed only after the heat-up time.",
	},
	ruleRising: {
		"自 {from} 起仍按 {threshold} 要求：{raised} 起要求提高到 {raised_to}，提高的部分在 {heat_up} 后才作要求。",
		"From {from} on {threshold} is still owed: {raised_to} is asked for since {raised}, and the raised part is owed {heat_up} later.",
	},
	ruleStandardBasis: {
		"标准 {standard} 依据：{basis_zh}；地方强制性规定优先于合同约定。",
		"The standard of {standard} is that of {basis_en}; mandatory local law goes before the contract.",
	},
	ruleStandardLaw: {
		"合同约定 {contract}，低于 {basis_zh} 规定的 {standard}；地方强制性规定优先于合同约定，按 {standard} 判定（规则包 {law}，{digest}）。",
		"The contract says {contract}; {basis_en} sets {standard}. Mandatory local law goes before the contract: {standard} is owed (pack {law}, {digest}).",
	},
	ruleReadingsReach: {
		"房间 {room} 的读数均达到要求（共 {readings} 个），最低为 {coldest_at} 的 {coldest}。",
		"The readings of room {room} reach it ({readings} of them); the lowest is {coldest} at {coldest_at}.",
	},
	ruleReadingsBelow: {
		"房间 {room} 的读数低于要求（共 {readings} 个），首个为 {first}，最低为 {coldest_at} 的 {coldest}。",
		"The readings of room {room} are below it ({readings} of them): the first is {first}, the lowest {coldest} at {coldest_at}.",
	},
	ruleReadingsReach + calibrated: {
		"房间 {room} 的读数均达到要求（共 {readings} 个），最低为 {coldest_at} 的 {coldest}：收到 {received}，校准 {offset}。",
		"The readings of room {room} reach it ({readings} of them); the lowest is {coldest} at {coldest_at}: {received} as received, {offset} of calibration.",
	},
	ruleReadingsBelow + calibrated: {
		"房间 {room} 的读数低于要求（共 {readings} 个），首个为 {first}，最低为 {coldest_at} 的 {coldest}：收到 {received}，校准 {offset}。",
		"The readings of room {room} are below it ({readings} of them): the first is {first}, the lowest {coldest} at {coldest_at}: {received} as received, {offset} of calibration.",
	},
	ruleRoomDecides: {
		"房间 {room} 在 {from} 至 {until} 的状态为 {status}，决定全户状态。",
		"Room {room} is {status} from {from} until {until}, which decides for the household.",
	},
	ruleExemptionProved: {
		"免责事项 {id}（{start} 至 {end}）已由供热人举证：{proof}。",
		"Exemption {id} ({start} to {end}) is proved by the supplier: {proof}.",
	},
	ruleClaimUnproved: {
		"供热人主张免责事项 {id}（{start} 至 {end}），但未举证，不免责。",
		"The supplier claims exemption {id} ({start} to {end}) without proof; it exempts nothing.",
	},
	ruleOutdoorBelow: {
		"{day} 室外日平均温度 {mean}（{source}），低于 {limit}，全天免责。",
		"The outdoor mean of {day} is {mean} ({source}), below {limit}: the whole day is exempt.",
	},
	ruleOutdoorNotBelow: {
		"{day} 室外日平均温度 {mean}（{source}），不低于 {limit}，不免责。",
		"The outdoor mean of {day} is {mean} ({source}), not below {limit}: the day is not exempt.",
	},
	ruleObservationsMissing: {
		"{day} 所需 {wanted} 次室外观测缺 {missing} 次，日平均无法确定；举证在供热人，不免责。",
		"Of the {wanted} outdoor observations that {day} needs {missing} are missing, so its mean is undetermined; the proof is the supplier's, and the day is not exempt.",
	},
	ruleDayNotEnded: {
		"{day} 尚未结束，室外日平均温度未定；结论为暂定，当日结束后重新判定。",
		"{day} has not ended, so its outdoor mean is undetermined; the verdict is provisional and judged again when it has.",
	},
	ruleNoOutdoorRule: {
		"所适用的规则没有室外严寒免责（{day}）。",
		"The policy has no exemption for cold outside ({day}).",
	},
	ruleStoppageExempt: {
		"停供 {id}（{start} 至 {end}，{length}）于 {announced} 事先公告，不超过 {most}，为本采暖季第 {ordinal} 次（最多 {allowed} 次），有记录：{proof}。免责。",
		"Stoppage {id} ({start} to {end}, {length}) was announced beforehand at {announced}, lasts at most {most}, is number {ordinal} of the {allowed} allowed this season, and its record is given: {proof}. It is exempt.",
	},
	ruleStoppageFirst: {
		"停供 {id}（{start} 至 {end}，{length}）于 {announced} 事先公告，为本采暖季第 {ordinal} 次（最多 {allowed} 次），有记录：{proof}。超过 {most} 的部分不免责。",
		"Stoppage {id} ({start} to {end}, {length}) was announced beforehand at {announced}, is number {ordinal} of the {allowed} allowed this season, and its record is given: {proof}. Its first {most} are exempt, the rest is not.",
	},
	ruleStoppageRecovery: {
		"停供 {id} 于 {end} 结束，其后 {recovery} 为恢复升温时间，免责。",
		"Stoppage {id} ended at {end}; the {recovery} of reheating after it are exempt.",
	},
	ruleStoppageNotAnnounced: {
		"停供 {id}（{start} 至 {end}）没有在开始之前公告，不免责。",
		"Stoppage {id} ({start} to {end}) was not announced before it started; it is not exempt.",
	},
	ruleStoppageTooLong: {
		"停供 {id}（{start} 至 {end}）持续 {length}，超过 {most}，不免责。",
		"Stoppage {id} ({start} to {end}) lasts {length}, more than {most}; it is not exempt.",
	},
	ruleStoppageOverThree: {
		"停供 {id}（{start} 至 {end}）为本采暖季第 {ordinal} 次，最多 {allowed} 次免责，不免责。",
		"Stoppage {id} ({start} to {end}) is number {ordinal} of the season, of which {allowed} may be exempt; it is not.",
	},
	ruleStoppageNotProved: {
		"停供 {id}（{start} 至 {end}）没有检修记录，不免责。",
		"Stoppage {id} ({start} to {end}) has no record to prove it; it is not exempt.",
	},
	ruleEpisode: {
		"{start} 至 {end} 的 {tiles} 段不达标时间间隔均短于 {gap}，合为一次，共 {below}。",
		"{tiles} stretches below, each less than {gap} apart, make one episode from {start} to {end}, with {below} below.",
	},
	ruleOneStretch: {
		"{start} 至 {end} 不达标 {below}，与其他不达标时间相隔不短于 {gap}，自成一次。",
		"{below} below, from {start} to {end}; no other stretch lies less than {gap} away.",
	},
	ruleJointConfirms: {
		"双方共同确认 {id}（{start} 至 {end}），其中不达标 {confirmed} 得到确认，且优先于检测。",
		"Both sides confirm {id} ({start} to {end}): {confirmed} of below time is confirmed, even against a test.",
	},
	ruleTestConfirms: {
		"检测 {id}（{start} 至 {end}）不合格，确认其检测时段内不达标 {confirmed}。",
		"Test {id} ({start} to {end}) is non-compliant and confirms the {confirmed} below in its own window.",
	},
	ruleTestVouches: {
		"检测 {id} 与传感器读数 {reading} 相差 {difference}，不超过 {margin}，传感器记录可信：确认 {start} 至 {end} 的不达标时间，共 {confirmed}。",
		"Test {id} differs from the reading {reading} by {difference}, within {margin}, and vouches for the sensor's record: the below time from {start} to {end} is confirmed, {confirmed}.",
	},
	ruleTestVouchesSilent: {
		"检测 {id} 开始时没有有效读数，检测结果代表前后的记录：确认 {start} 至 {end} 的不达标时间，共 {confirmed}。",
		"No reading held when test {id} began, and it speaks for the record around it: the below time from {start} to {end} is confirmed, {confirmed}.",
	},
	ruleTestVouchesNothing: {
		"以合格检测为界，检测 {id} 除其检测时段外不确认该时段的其他时间。",
		"Bounded by compliant tests, test {id} confirms nothing of this episode beyond its own window.",
	},
	ruleTestDismisses: {
		"检测 {id}（{start} 至 {end}）合格，排除其检测时段内不达标 {dismissed}；其中已确认的 {kept} 不受影响。",
		"Test {id} ({start} to {end}) is compliant and dismisses the {dismissed} below in its own window; {kept} that is confirmed stays so.",
	},
	ruleTestOwnWindow: {
		"检测 {id} 不涉及任何不达标时段，确认其检测时段（{start} 至 {end}）中应当供热且未免责的 {confirmed}。",
		"Test {id} meets no episode: it confirms its own window ({start} to {end}) as far as heat was owed and nothing exempts it, {confirmed}.",
	},
	ruleUnsensedConfirms: {
		"检测 {id} 不合格，开始时房间没有有效读数，且报修 {report}（{reported}）尚未解决：自报修至首个达标证明（{start} 至 {end}），无读数且未免责的 {confirmed} 得到确认。",
		"Test {id} is non-compliant, no reading held when it began and report {report} of {reported} was open: from the report to the first proof of warmth, {start} to {end}, the {confirmed} without a reading and without an exemption are confirmed.",
	},
	ruleTestBelow: {
		"检测 {id}：{institution} 于 {at} 测得房间 {room} 为 {measured}，低于应达到的 {threshold}：不合格。",
		"Test {id}: {institution} measured {measured} in room {room} at {at}, below the {threshold} owed: non-compliant.",
	},
	ruleTestReaches: {
		"检测 {id}：{institution} 于 {at} 测得房间 {room} 为 {measured}，不低于应达到的 {threshold}：合格。",
		"Test {id}: {institution} measured {measured} in room {room} at {at}, not below the {threshold} owed: compliant.",
	},
	ruleTestRoomNotJudged: {
		"检测 {id} 所测房间 {room}（{kind}）不属于合同约定保证温度的卧室、起居室，不适用。",
		"Test {id} measured room {room} ({kind}), which is not judged: not applicable.",
	},
	ruleTestNotAccredited: {
		"检测 {id} 的机构 {institution} 当日不具备资质，不适用。",
		"The institution of test {id}, {institution}, was not accredited on that day: not applicable.",
	},
	ruleTestOutOfSeason: {
		"检测 {id} 于 {at} 开始，不在采暖季（{season_start} 至 {season_end}）内，不适用。",
		"Test {id} began at {at}, outside the season ({season_start} to {season_end}): not applicable.",
	},
	ruleTestNothingOwed: {
		"检测 {id} 于 {at} 开始时全户处于 {status}，不计供热义务，不适用。",
		"At the start of test {id}, {at}, the household was {status} and nothing was owed: not applicable.",
	},
	ruleTestSetAside: {
		"检测 {id}（{side}委托）不予采信，以 {by}（{by_side}委托，{by_at}）为准：两者相隔 {apart}，不超过 {window}。",
		"Test {id} (commissioned by the {side} side) is set aside by {by} ({by_side}, {by_at}): {apart} apart, within {window}.",
	},
	ruleSensorAgrees: {
		"检测时传感器读数 {reading}，与检测值 {measured} 相差 {difference}，不超过 {margin}：传感器可信。",
		"The reading that held at the test is {reading}; it differs from the {measured} measured by {difference}, within {margin}: the sensor is trusted.",
	},
	ruleSensorDisagrees: {
		"检测时传感器读数 {reading}，与检测值 {measured} 相差 {difference}，超过 {margin}：需要校准。",
		"The reading that held at the test is {reading}; it differs from the {measured} measured by {difference}, more than {margin}: the sensor wants calibration.",
	},
	ruleNoSensor: {
		"检测开始时（{at}）房间 {room} 没有有效读数。",
		"No reading of room {room} held when the test began, {at}.",
	},
	rulePayer: {
		"检测 {id} 的费用由 {payer} 承担（依检测 {decided_by} 的结果）。",
		"Test {id} is paid by the {payer}, by what test {decided_by} found.",
	},
}
