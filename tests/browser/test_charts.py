"""Lines are switched on and off, and their values can be read by pointer, keyboard and table."""


def test_switching_an_experiment_off_hides_it_in_every_chart_and_gallery(opened):
    page = opened().page
    drawn = page.locator('[data-series="1"]')
    assert drawn.count() > 6
    page.locator('[data-toggle="1"]').first.click()
    assert [one.is_visible() for one in drawn.all()] == [False] * drawn.count()
    assert {one.get_attribute("aria-pressed") for one in page.locator('[data-toggle="1"]').all()} == {"false"}
    assert page.locator('[data-series="0"] .line').first.is_visible()
    page.locator('[data-toggle="1"]').last.press("Enter")
    assert drawn.first.is_visible()


def test_all_lines_are_switched_at_once(opened):
    page = opened().page
    page.get_by_role("button", name="None").first.click()
    assert not any(line.is_visible() for line in page.locator(".chart .line").all())
    page.get_by_role("button", name="All", exact=True).first.click()
    assert page.locator(".chart .line").first.is_visible()


def test_pointer_shows_each_experiment_s_value_with_the_range_of_its_seeds(opened):
    page = opened().page
    plot = page.locator('[data-chart="validation-dice"]')
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    page.mouse.move(box["x"] + box["width"] - 8, box["y"] + box["height"] / 2)
    shown = page.locator("#readout").inner_text()
    assert "Epoch 4" in shown
    assert "0.7600 (0.7500 to 0.7700)" in shown
    page.mouse.move(2, 2)
    assert not page.locator("#readout").is_visible()


def test_arrow_keys_show_values_and_leave_out_what_is_switched_off(opened):
    page = opened().page
    page.locator('[data-toggle="0"]').first.click()
    plot = page.locator('[data-chart="validation-dice"]')
    plot.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    shown = page.locator("#readout").inner_text()
    assert "Epoch 2" in shown
    assert "Fine-tuned" in shown
    assert "Frozen" not in shown
    page.keyboard.press("Escape")
    assert not page.locator("#readout").is_visible()


def test_values_open_as_a_table(opened):
    page = opened().page
    values = page.locator('details:has([data-values="train-loss"])')
    values.locator("summary").click()
    assert values.locator("tbody tr").count() == 4
    assert values.locator("tbody tr").nth(0).inner_text().split("\t")[1].startswith("0.7000")


def test_seeds_are_a_band(opened):
    page = opened().page
    assert page.locator('[data-chart="validation-dice"] .band').count() == 3
