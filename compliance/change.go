package compliance

// WouldChange is what evidence would change a tile of a status: what the resident, the supplier or a tester could still bring, and by
// which clause it would count. The clause is that of an exempt tile.
func WouldChange(s Status, clause Clause) []Words {
	late := Words{
		"当时的读数迟到送达、设备的安装记录或校准证书更正：按更正后的事实重新判定（第 2 节）。",
		"A reading of that time that arrives late, or a correction of where a device was or of its calibration: all is judged again by the corrected facts (section 2).",
	}
	switch s {
	case Off:
		return []Words{{
			"采暖设施当时已开启的证据。供热人记录的关闭需要用热人同意（A3）。",
			"Evidence that the heating was on then. An off that the supplier entered needs the resident's consent (A3).",
		}}
	case Grace:
		return []Words{{
			"采暖设施更早开启的证据：升温期从开启时起算（A3）。",
			"Evidence that the heating was switched on earlier: the time to heat up runs from then (A3).",
		}}
	case Unknown:
		return []Words{late, {
			"室内没有读数时，在报修之后由第三方检测：不合格的检测确认自报修起的时间（A7.2.2，I11）。",
			"Where no reading holds, a third-party test after a report of cold: a non-compliant one confirms the time from the report on (A7.2.2, I11).",
		}}
	case Compliant:
		return []Words{late, {
			"有资质的第三方检测低于应达温度：确认其检测时段，并标记传感器需要校准（A7.2.2）。",
			"An accredited third party's test below the threshold: it confirms the time of its window and has the sensor calibrated (A7.2.2).",
		}}
	case Exempt:
		return append(exemptionWouldFail(clause), late)
	}
	return []Words{
		{
			"供热人证明 A7.2.2①–⑤ 中的一项免责事由：所覆盖的时间免责。只主张、不举证的不免责。",
			"The supplier's proof of an exemption of A7.2.2①–⑤: the time that it covers is excused. A claim without proof excuses nothing.",
		},
		{
			"有资质的第三方检测：合格的检测否定其检测时段内的不达标时间，不合格的予以确认（A7.2.2）。",
			"An accredited third party's test: a compliant one dismisses the below time in its window, a non-compliant one confirms it (A7.2.2).",
		},
		{
			"双方共同确认这段时间：得到确认，且优先于检测（A7.2.2）。",
			"Both sides' confirmation of this time: it stands, even against a test (A7.2.2).",
		},
		late,
	}
}

// exemptionWouldFail is what would take an exemption away.
func exemptionWouldFail(clause Clause) []Words {
	switch clause {
	case A7224:
		return []Words{{
			"气象站当日观测的更正或官方日平均温度：不低于界限时，当日不免责（A7.2.2④）。",
			"A correction of the station's observations of the day, or an official daily mean, that is not below the limit: the day is not exempt then (A7.2.2④).",
		}}
	case A7225:
		return []Words{{
			"证明停供未在开始之前公告、超过时长、超出次数，或检修记录不成立（A7.2.2⑤）。",
			"Evidence that the stoppage was not announced before it started, lasted too long, was one too many, or that its record is wrong (A7.2.2⑤).",
		}}
	}
	return []Words{{
		"用热人对免责事由提出异议，并由调解或仲裁认定其不成立，或不是低温的原因（I10）。",
		"The resident contests the exemption, and mediation or arbitration finds that it does not hold or did not cause the cold (I10).",
	}}
}
